//! What the matcher does under load, measured on real servers and real processes: how long it takes
//! from a join to the match, how long a match of a thousand players is settled, and how both its
//! joins and its rules of matching stand against another matchmaker.
//!
//! `cargo bench --bench matcher -- joins` runs one of the parts alone.

#![expect(
    clippy::unwrap_used,
    clippy::print_stderr,
    clippy::cast_precision_loss,
    reason = "a measurement fails by panicking, and speaks to whoever runs it"
)]

#[path = "../durable.rs"]
mod durable;
mod floor;
mod joins;
mod matching;
mod peer;
#[path = "../../tests/it/programs.rs"]
mod programs;
mod settlement;
mod versus;

/// Under which name the figures are printed.
const BENCH: &str = "matcher";

#[tokio::main]
async fn main() {
    let wanted: Vec<String> = std::env::args()
        .skip(1)
        .filter(|argument| !argument.starts_with('-'))
        .collect();
    let runs = |part: &str| wanted.is_empty() || wanted.iter().any(|name| name == part);
    let syncs = measure::machine();
    durable::tell_settings().await;
    if runs("joins") {
        joins::measure(&syncs).await;
    }
    if runs("settlement") {
        settlement::measure(&syncs).await;
    }
    if runs("matching") {
        matching::measure().await;
    }
    if runs("versus") {
        versus::measure().await;
    }
}
