//! What the arena does under load, measured on real servers and real processes: how long it takes
//! to come back with a million positions, how many closes a second are durable, how long shards stand
//! still when their arena is killed, and how long an order and a trigger take until they are
//! committed.
//!
//! `cargo bench --bench arena -- reload` runs one of the parts alone.

#![expect(
    clippy::unwrap_used,
    clippy::print_stderr,
    clippy::cast_precision_loss,
    reason = "a measurement fails by panicking, and speaks to whoever runs it"
)]

mod closes;
#[path = "../durable.rs"]
mod durable;
mod floor;
mod latency;
#[path = "../../tests/it/programs.rs"]
mod programs;
mod reload;
mod takeover;
mod world;

/// Under which name the figures are printed.
const BENCH: &str = "arena";

#[tokio::main]
async fn main() {
    let wanted: Vec<String> = std::env::args()
        .skip(1)
        .filter(|argument| !argument.starts_with('-'))
        .collect();
    let runs = |part: &str| wanted.is_empty() || wanted.iter().any(|name| name == part);
    let syncs = measure::machine();
    durable::tell_settings().await;
    if runs("closes") {
        closes::measure().await;
    }
    if runs("reload") {
        reload::measure().await;
    }
    if runs("takeover") {
        takeover::measure().await;
    }
    if runs("latency") {
        latency::measure(&syncs).await;
    }
}
