//! What the program is told on its command line.

use std::path::PathBuf;

use clap::Parser;
use url::Url;

/// Plays one battle with bots.
#[derive(Debug, Parser)]
#[command(version)]
pub struct Options {
    /// The GraphQL endpoint.
    #[arg(long)]
    pub api: Url,
    /// The mail sink's HTTP address, where the bots read their codes.
    #[arg(long)]
    pub mail: Url,
    /// The address of a staff account that may create games.
    #[arg(long)]
    pub staff: String,
    /// How many bots play.
    #[arg(long, default_value_t = 8, value_parser = clap::value_parser!(u32).range(2..=100))]
    pub players: u32,
    /// How long the battle trades, in seconds.
    #[arg(long, default_value_t = 40, value_parser = clap::value_parser!(u32).range(10..=86_400))]
    pub seconds: u32,
    /// What makes the bots' choices repeatable.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// The assets to trade, by id, the one with the jump first.
    #[arg(long, value_delimiter = ',', default_value = "bitcoin,ethereum")]
    pub assets: Vec<String>,
    /// Where to write the report, as JSON.
    #[arg(long)]
    pub report: PathBuf,
    /// The address of the stand-in for the chain: bots deposit money there instead of claiming play
    /// money, and the first of the winners withdraws the prize.
    #[arg(long)]
    pub chain: Option<Url>,
    /// Show nothing but errors.
    #[arg(long)]
    pub quiet: bool,
}
