//! `battlesbit export`: writes a battle's audit record to a file.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use clap::Args;
use domain::id::BattleId;
use store::arena;

use crate::places::Postgres;

#[derive(Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    postgres: Postgres,
    /// The battle's id.
    battle: BattleId,
    /// Where to write it; an existing file is replaced.
    #[arg(long)]
    out: PathBuf,
}

pub(crate) async fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let db = arguments.postgres.connect().await?;
    let record = arena::find_record(&db, arguments.battle)
        .await?
        .context("the battle has no record yet")?;
    let out = &arguments.out;
    std::fs::write(out, &record.bytes)
        .with_context(|| format!("cannot write {}", out.display()))?;
    println!("{} bytes, sha256 {}", record.bytes.len(), record.sha256);
    Ok(ExitCode::SUCCESS)
}
