//! `battlesbit verify`: runs the engine over an audit record alone and compares.

use std::fs::File;
use std::io::BufReader;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, bail};
use clap::Args;
use domain::id::BattleId;
use domain::record::{self, Difference, Report};
use store::arena::Record;
use store::{Db, arena, battle};

#[derive(Args)]
pub(crate) struct Arguments {
    /// The file of an exported record, which is all that is looked at; or a battle's id, whose
    /// record and result are then read from the database.
    record: String,
    /// `postgres://user:password@host:port/database`; only for a battle's id.
    #[arg(
        id = "postgres",
        long,
        env = "BATTLESBIT_POSTGRES_URL",
        hide_env_values = true
    )]
    url: Option<String>,
}

pub(crate) async fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let path = Path::new(&arguments.record);
    if path.is_file() {
        let file = File::open(path).with_context(|| format!("cannot open {}", path.display()))?;
        return Ok(tell(record::verify(BufReader::new(file))));
    }
    let Ok(id) = arguments.record.parse::<BattleId>() else {
        bail!(
            "expected the file of a record or a battle's id, found {:?}",
            arguments.record
        );
    };
    let url = arguments
        .url
        .as_ref()
        .context("a battle's id needs --postgres")?;
    let db = Db::connect_as_operator(url)
        .await
        .context("cannot reach the database")?;
    let Record { sha256, bytes } = arena::find_record(&db, id)
        .await?
        .context("the battle has no record yet")?;
    let verified = record::verify(bytes.as_slice());
    if let Ok(report) = &verified {
        compare(&db, id, report, &sha256).await?;
    }
    Ok(tell(verified))
}

/// Refuses a record that verifies but is not the one that the battle was settled by.
async fn compare(db: &Db, id: BattleId, report: &Report, sha256: &str) -> anyhow::Result<()> {
    let hash = hex::encode(report.hash.0);
    if hash != sha256 {
        bail!("the record's hash is {hash}, the database says {sha256}");
    }
    if report.terms.battle != id {
        bail!("the record is of battle {}", report.terms.battle);
    }
    let sealed = battle::find_sealed(db, id).await?;
    if let Some(sealed) = &sealed
        && sealed.record_sha256 != hash
    {
        bail!(
            "the record's hash is {hash}, the result was sealed with {}",
            sealed.record_sha256
        );
    }
    if sealed.map(|sealed| sealed.result) != report.result {
        bail!("the sealed result is not the one that the record gives");
    }
    Ok(())
}

fn tell(verified: Result<Report, Difference>) -> ExitCode {
    match verified {
        Ok(report) => {
            println!("{}", sentence(&report));
            ExitCode::SUCCESS
        }
        Err(difference) => {
            println!("{:#}", anyhow::Error::from(difference));
            ExitCode::FAILURE
        }
    }
}

fn sentence(report: &Report) -> String {
    let Report {
        terms,
        result,
        lines,
        market_entries,
        commands,
        hash,
    } = report;
    let ended = if result.is_some() {
        "reproduces its result"
    } else {
        "was called off"
    };
    format!(
        "battle {} {ended}: {lines} lines, {market_entries} market entries, {commands} commands, \
         sha256 {}",
        terms.battle,
        hex::encode(hash.0)
    )
}
