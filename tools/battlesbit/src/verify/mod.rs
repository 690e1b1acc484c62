//! `battlesbit verify`: runs the engine over an audit record alone and compares.
//!
//! The exit code is 0 for a record that verifies, 1 for one that does not, and 2 where there was
//! none to look at: no such file, no answer, a wrong argument.

mod fetch;
mod tell;

use std::fs::File;
use std::io::{BufReader, Seek};
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, bail};
use clap::Args;
use domain::id::BattleId;
use domain::record::{self, Difference, Finding, Report};
use store::{Db, battle};
use url::Url;

use crate::export;

/// There was no record to look at.
const UNREAD: u8 = 2;
/// What failed, when the temporary file did.
const LAYING_ASIDE: &str = "cannot lay the record aside";

#[derive(Args)]
pub(crate) struct Arguments {
    /// The file of a record or its address, such as `http://localhost:8888/records/ID`, which
    /// is all that is looked at; or a battle's id, whose record and result are then read from the
    /// database.
    record: String,
    /// The hash that the record must have: what `GameMatch.record.sha256` said once.
    #[arg(long)]
    sha256: Option<String>,
    /// Tell it as one JSON object.
    #[arg(long)]
    json: bool,
    /// Tell every fill and every exit too, in the record's order. JSON always does.
    #[arg(long)]
    positions: bool,
    /// `postgres://user:password@host:port/database`; only for a battle's id.
    #[arg(
        id = "postgres",
        long,
        env = "BATTLESBIT_POSTGRES_URL",
        hide_env_values = true
    )]
    url: Option<String>,
}

/// What came of looking at a record.
enum Verdict {
    Verified(Report),
    /// Not all in it is what the rules give.
    Different(Difference),
    /// It holds together, but trades that the market told of were taken out of it.
    Incomplete(Report),
    /// It holds together, but is not the one that was asked for.
    Another(Report, String),
}

pub(crate) async fn run(arguments: &Arguments) -> ExitCode {
    let verdict = match look(arguments).await {
        Ok(verdict) => verdict,
        Err(cause) => {
            eprintln!("{cause:#}");
            return ExitCode::from(UNREAD);
        }
    };
    if let Verdict::Different(Difference {
        finding: Finding::Unreadable(cause),
        ..
    }) = &verdict
    {
        eprintln!("the record cannot be read: {cause}");
        return ExitCode::from(UNREAD);
    }
    if arguments.json {
        println!("{}", tell::json(&verdict));
    } else {
        print!("{}", tell::text(&verdict));
        if arguments.positions {
            print!("{}", tell::positions(&verdict));
        }
    }
    match verdict {
        Verdict::Verified(_) => ExitCode::SUCCESS,
        Verdict::Different(_) | Verdict::Incomplete(_) | Verdict::Another(..) => ExitCode::FAILURE,
    }
}

async fn look(arguments: &Arguments) -> anyhow::Result<Verdict> {
    let verdict = look_at(arguments).await?;
    Ok(match (&arguments.sha256, verdict) {
        (Some(expected), Verdict::Verified(report)) => {
            let found = report.hash.to_string();
            if found.eq_ignore_ascii_case(expected) {
                Verdict::Verified(report)
            } else {
                let why = format!("the record's hash is {found}, expected {expected}");
                Verdict::Another(report, why)
            }
        }
        (_, verdict) => verdict,
    })
}

async fn look_at(arguments: &Arguments) -> anyhow::Result<Verdict> {
    let record = &arguments.record;
    let path = Path::new(record);
    if path.is_file() {
        let file = File::open(path).with_context(|| format!("cannot open {}", path.display()))?;
        return Ok(verified(file).into());
    }
    if let Ok(url) = record.parse::<Url>() {
        let mut file = tempfile::tempfile().context(LAYING_ASIDE)?;
        fetch::record(url, &mut file).await?;
        file.rewind().context(LAYING_ASIDE)?;
        return Ok(verified(file).into());
    }
    let Ok(id) = record.parse::<BattleId>() else {
        bail!("expected the file of a record, its address or a battle's id, found {record:?}");
    };
    let url = arguments
        .url
        .as_ref()
        .context("a battle's id needs --postgres")?;
    kept(url, id).await
}

/// Verifies a record line by line, however long it is.
fn verified(record: File) -> Result<Report, Difference> {
    record::verify(BufReader::new(record))
}

/// Looks at the record that the database keeps, and at whether it is what the battle was settled
/// by.
async fn kept(url: &str, id: BattleId) -> anyhow::Result<Verdict> {
    let db = Db::connect_as_operator(url)
        .await
        .context("cannot reach the database")?;
    let record = export::find(&db, id).await?;
    let mut file = tempfile::tempfile().context(LAYING_ASIDE)?;
    export::copy(&db, &record, &mut file).await?;
    file.rewind().context(LAYING_ASIDE)?;
    let report = match verified(file) {
        Ok(report) => report,
        Err(difference) => return Ok(Verdict::Different(difference)),
    };
    Ok(match another(&db, id, &report, &record.sha256).await? {
        Some(why) => Verdict::Another(report, why),
        None => report.into(),
    })
}

/// Why a record that verifies is not the one that the battle was settled by.
async fn another(
    db: &Db,
    id: BattleId,
    report: &Report,
    sha256: &str,
) -> anyhow::Result<Option<String>> {
    let hash = report.hash.to_string();
    if hash != sha256 {
        let why = format!("the record's hash is {hash}, the database says {sha256}");
        return Ok(Some(why));
    }
    if report.terms.battle != id {
        let why = format!("the record is of battle {}", report.terms.battle);
        return Ok(Some(why));
    }
    let sealed = battle::find_sealed(db, id).await?;
    if let Some(sealed) = &sealed
        && sealed.record_sha256 != hash
    {
        let why = format!(
            "the record's hash is {hash}, the result was sealed with {}",
            sealed.record_sha256
        );
        return Ok(Some(why));
    }
    let same = sealed.map(|sealed| sealed.result) == report.result;
    Ok((!same).then(|| "the sealed result is not the one that the record gives".to_owned()))
}

impl From<Result<Report, Difference>> for Verdict {
    fn from(verified: Result<Report, Difference>) -> Self {
        verified.map_or_else(Self::Different, Self::from)
    }
}

impl From<Report> for Verdict {
    fn from(report: Report) -> Self {
        if report.tally.removed_trades.is_empty() {
            Self::Verified(report)
        } else {
            Self::Incomplete(report)
        }
    }
}
