//! Trading: the only writer of positions and chips.
//!
//! One loop drives the engines of the shards that this process owns. It reads MARKET once for all
//! of them and POSITIONS for each from its own checkpoint, in order, applies every entry to the
//! engines in memory, and writes what they did in group commits together with the new checkpoints.
//! Whatever was not committed did not happen: another process goes on from the rows.
//!
//! A shard that was taken reads the market's backlog beside the loop and joins it when it has
//! caught up. Nothing that waits for a server runs in the loop.

mod app;
mod arena;
mod beats;
mod beside;
mod commit;
mod error;
mod feed;
mod inputs;
mod leaderboard;
mod lease;
mod load;
mod lookup;
mod market_entry;
mod pending;
mod poll;
mod readiness;
mod recent;
mod refused;
mod request;
mod seal;
mod serve;
mod settings;
mod shard;
mod spool;
mod takeover;

use contracts::Topic;

pub use serve::{SERVICE, serve};
pub use settings::{Leaderboard, MaxUncommitted, Settings, Shards};

/// Everything that it reads. What comes more than once does no more than what comes once.
pub const READS: [&[Topic]; 3] = [market_entry::TOPICS, request::TOPICS, inputs::HINTS];
