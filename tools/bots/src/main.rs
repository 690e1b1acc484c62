//! Plays one battle with bots.

use std::process::ExitCode;

use bots::options::Options;
use clap::Parser as _;

#[tokio::main]
async fn main() -> ExitCode {
    bots::run(Options::parse()).await
}
