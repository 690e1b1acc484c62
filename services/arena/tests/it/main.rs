//! The arena on real servers.

#![expect(clippy::unwrap_used, reason = "a test may panic where it fails")]

mod checkpoint;
mod commands;
mod crash;
mod ending;
mod fencing;
mod floor;
mod outage;
mod process;
mod rows;
