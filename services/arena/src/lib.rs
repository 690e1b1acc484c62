//! Trading: the only writer of positions and chips.
//!
//! One loop drives the engines of the shards that this process owns. It reads MARKET and POSITIONS
//! in order from the shards' checkpoints, applies every entry to the engines in memory, and writes
//! what they did in group commits together with the new checkpoints. Whatever was not committed
//! did not happen: another process goes on from the rows.

mod app;
mod arena;
mod beats;
mod commit;
mod error;
mod inputs;
mod leaderboard;
mod lease;
mod load;
mod market_entry;
mod pending;
mod refused;
mod request;
mod seal;
mod serve;
mod settings;
mod shard;

pub use serve::{SERVICE, serve};
pub use settings::{Leaderboard, MaxUncommitted, Settings, Shards};
