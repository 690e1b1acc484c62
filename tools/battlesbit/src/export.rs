//! `battlesbit export`: writes a battle's audit record to a file.

use std::fs::File;
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, ensure};
use clap::Args;
use domain::id::BattleId;
use store::Db;
use store::record::{self, Record};

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
    let record = find(&db, arguments.battle).await?;
    let out = &arguments.out;
    let mut file = File::create(out).with_context(|| format!("cannot write {}", out.display()))?;
    copy(&db, &record, &mut file)
        .await
        .with_context(|| format!("cannot write {}", out.display()))?;
    println!("{} bytes, sha256 {}", record.size, record.sha256);
    Ok(ExitCode::SUCCESS)
}

/// The record that the database keeps of a battle.
pub(crate) async fn find(db: &Db, battle: BattleId) -> anyhow::Result<Record> {
    let found = record::find(db, battle).await?;
    found.context("the battle has no record yet")
}

/// Copies a record's bytes, part by part.
pub(crate) async fn copy(db: &Db, record: &Record, out: &mut impl Write) -> anyhow::Result<()> {
    let mut left = record.size;
    let mut parts = 0..;
    while left > 0
        && let Some(part) = parts.next()
    {
        let bytes = record::find_part(db, record.battle_id.into(), part).await?;
        let bytes = bytes.with_context(|| format!("the record has no part {part}"))?;
        out.write_all(&bytes)?;
        left = left.saturating_sub(i64::try_from(bytes.len())?);
    }
    ensure!(
        left == 0,
        "the record has more than the {} bytes it says",
        record.size
    );
    Ok(())
}
