//! Workspace chores: `tidy` checks what the compiler cannot, `generate` writes the files that are made from code.

mod generate;
// The tests of `contracts` compare what is written from here.
#[path = "../../libs/contracts/tests/wire/samples.rs"]
mod samples;
mod tidy;
mod workspace;

use std::io::{self, Write};
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::workspace::Workspace;

/// Workspace chores.
#[derive(Parser)]
#[command(version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Check what the compiler cannot: arrows between crates, subjects, metrics, fail points, pages, texts.
    Tidy,
    /// Write the generated files.
    Generate,
}

fn main() -> anyhow::Result<ExitCode> {
    let cli = Cli::parse();
    let workspace = Workspace::load()?;
    match cli.command {
        Command::Tidy => tidy(&workspace),
        Command::Generate => generate::write(&workspace).map(|()| ExitCode::SUCCESS),
    }
}

fn tidy(workspace: &Workspace) -> anyhow::Result<ExitCode> {
    let findings = tidy::check(workspace)?;
    let mut out = io::stderr().lock();
    for finding in &findings {
        writeln!(out, "{finding}")?;
    }
    Ok(if findings.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
