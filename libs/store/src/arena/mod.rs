//! Positions, chips, logs and sealed results, as the arena keeps them. Everything is written in
//! batches, and every batch begins with the shard's own row, where the epoch is still the owner's.

mod batch;
mod load;
mod lookup;
mod member;
mod position;
mod remap;
mod seal;
mod shard;

pub use batch::{Batch, Written, write};
pub use load::{find_battle, list_rows, list_running};
pub use lookup::{
    BATTLES_AT_ONCE, Kept, Standing, find_kept, is_participant, list_called_off, list_standings,
    list_unopened,
};
pub use member::{beat, leave};
pub use remap::{give_up, move_log, remap};
pub use seal::{insert_result, list_log, list_unsealed, verdict};
pub use shard::{Checkpoint, Lease, ShardRow, find, release, renew, still_owned, take};
