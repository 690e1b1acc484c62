//! The arena on real servers.

#![expect(clippy::unwrap_used, reason = "a test may panic where it fails")]

mod audit;
mod checkpoint;
mod commands;
mod crash;
mod cut;
mod ending;
mod fencing;
mod floor;
mod load;
mod metrics;
mod outage;
mod paused;
mod process;
mod remap;
mod rows;
mod sent;
mod spread;
mod story;
mod twice;
mod way;
