//! The operator's and verifier's program: one file per command.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "it speaks to whoever runs it"
)]

mod dead_letters;
mod export;
mod ledger;
mod migrate;
mod places;
mod reconcile;
mod remap;
mod staff;
mod status;
mod verify;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Runs BattlesBit: migrates, checks the ledger, hires staff, tends dead letters.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Creates or updates the database, the services' roles and rights, and the streams.
    Migrate(migrate::Arguments),
    /// Shows whether the database is up to date, and what waits to be published or mended.
    Status(status::Arguments),
    /// Writes a battle's audit record to a file.
    Export(export::Arguments),
    /// Replays an audit record and names the first difference.
    Verify(verify::Arguments),
    /// Recomputes the ledger.
    #[command(subcommand)]
    Ledger(ledger::Command),
    /// Compares what lies on the chain with the ledger; fails if more differs than is on its way.
    Reconcile(reconcile::Arguments),
    /// Hires people.
    #[command(subcommand)]
    Staff(staff::Command),
    /// Takes shards of the arena over to streams that were created anew.
    Remap(remap::Arguments),
    /// Tends messages that nobody could handle.
    #[command(subcommand)]
    DeadLetters(dead_letters::Command),
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    runtime::install_tls_provider();
    match run(arguments.command).await {
        Ok(code) => code,
        Err(cause) => {
            eprintln!("{cause:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run(command: Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::Migrate(arguments) => migrate::run(&arguments).await,
        Command::Status(arguments) => status::run(&arguments).await,
        Command::Export(arguments) => export::run(&arguments).await,
        Command::Verify(arguments) => Ok(verify::run(&arguments).await),
        Command::Ledger(command) => ledger::run(&command).await,
        Command::Reconcile(arguments) => reconcile::run(&arguments).await,
        Command::Staff(command) => staff::run(&command).await,
        Command::Remap(arguments) => remap::run(&arguments).await,
        Command::DeadLetters(command) => dead_letters::run(&command).await,
    }
}
