//! Players made of code: they sign up, queue, trade and win or lose through the public GraphQL
//! API alone, and show the battle while it runs.

mod account;
mod client;
mod game;
mod mailbox;
mod play;
mod prices;
mod report;
mod screen;
mod temperament;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use url::Url;

/// Plays one battle with bots.
#[derive(Debug, Parser)]
#[command(version)]
struct Options {
    /// The GraphQL endpoint.
    #[arg(long)]
    api: Url,
    /// The mail sink's HTTP address, where the bots read their codes.
    #[arg(long)]
    mail: Url,
    /// The address of a staff account that may create games.
    #[arg(long)]
    staff: String,
    /// How many bots play.
    #[arg(long, default_value_t = 8, value_parser = clap::value_parser!(u32).range(2..=100))]
    players: u32,
    /// How long the battle trades, in seconds.
    #[arg(long, default_value_t = 40, value_parser = clap::value_parser!(u32).range(10..=86_400))]
    seconds: u32,
    /// What makes the bots' choices repeatable.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// The assets to trade, by id, the one with the jump first.
    #[arg(long, value_delimiter = ',', default_value = "bitcoin,ethereum")]
    assets: Vec<String>,
    /// Where to write the report, as JSON.
    #[arg(long)]
    report: PathBuf,
    /// Show nothing but errors.
    #[arg(long)]
    quiet: bool,
}

#[tokio::main]
async fn main() -> ExitCode {
    let options = Options::parse();
    let mut screen = screen::Screen::new(options.quiet);
    match play::battle(&options, &mut screen).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            screen.fail(&format!("{error:#}"));
            ExitCode::FAILURE
        }
    }
}
