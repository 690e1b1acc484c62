//! The auditor's rules: they recompute every balance from the transfers, and compare holds and
//! escrows with what they are kept for.

use std::fmt;

use sea_orm::{ConnectionTrait, FromQueryResult, Value};
use serde::Serialize;

use crate::statement::statement;
use crate::{Db, Read, Result, Tx};

/// Something that does not fit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, FromQueryResult)]
pub struct Difference {
    /// The rule that is broken.
    pub rule: String,
    /// The unit, account, transfer or ticket that breaks it.
    pub subject: String,
    /// What the rule asks for.
    pub expected: String,
    /// What there is.
    pub found: String,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}: {}: expected {}, found {}",
            self.rule, self.subject, self.expected, self.found
        )
    }
}

/// A rule by its name, and the query that answers nothing while it holds.
type Check = (&'static str, &'static str);

macro_rules! checks {
    ($folder:literal: $($rule:literal),* $(,)?) => {
        &[$(($rule, include_str!(concat!($folder, $rule, ".sql")))),*]
    };
}

/// They read everything that was ever moved.
const WHOLE: &[Check] = checks!["check/":
    "units_sum_to_zero",
    "balances_follow_from_transfers",
    "entries_follow_from_transfers",
    "entries_add_up",
    "expiring_holds_are_listed",
    "holds_have_a_reason",
];

/// They read the transfers behind the number `$1`, and what they moved.
const ADDED: &[Check] = checks!["check/added/":
    "balances_follow_from_transfers",
    "entries_follow_from_transfers",
    "entries_add_up",
    "expiring_holds_are_listed",
];

/// So does this one, and behind a number below all others it reads everything.
const WELL_FORMED: &[Check] = checks!["check/added/": "transfers_are_well_formed"];

/// They read what is open: what waits or runs, and the accounts that keep something for it.
const ESCROWS: &[Check] = checks!["check/open/":
    "escrows_cover_open_battles",
    "escrows_are_settled",
    "escrows_cover_withdrawals",
];

/// So does this one. Of a hold that nothing waits for it names the account alone; the rule of the same name
/// that reads everything names the hold.
const HOLDS: &[Check] = checks!["check/open/": "holds_have_a_reason"];

/// The names of the rules that are checked.
pub fn rules() -> impl Iterator<Item = &'static str> {
    let all = WHOLE.iter().chain(WELL_FORMED).chain(ESCROWS);
    all.map(|(rule, _)| *rule)
}

/// The queries behind a number.
pub(super) fn added() -> impl Iterator<Item = &'static str> {
    ADDED.iter().chain(WELL_FORMED).map(|(_, sql)| *sql)
}

/// The queries of what is open.
pub(super) fn open() -> impl Iterator<Item = &'static str> {
    HOLDS.iter().chain(ESCROWS).map(|(_, sql)| *sql)
}

/// How many differences of one kind are listed: one is alarm enough.
const MAX_DIFFERENCES: u32 = 1_000;
/// How long one rule may read, and how: whatever was ever moved, from end to end.
const WHOLE_READ: &str = "SET LOCAL statement_timeout = '2h'; SET LOCAL enable_seqscan = on";

/// Checks the whole ledger in one snapshot.
pub async fn audit(db: &Db) -> Result<Vec<Difference>> {
    let tx = snapshot(db, WHOLE_READ).await?;
    let differences = check(&tx).await?;
    tx.commit().await?;
    Ok(differences)
}

/// Checks the whole ledger, each rule for itself; answers the first thousand differences of each.
pub async fn check(from: &impl Read) -> Result<Vec<Difference>> {
    let mut differences = Vec::new();
    for (_, sql) in WHOLE {
        differences.extend(ask(from, sql, None).await?);
    }
    for (_, sql) in WELL_FORMED {
        differences.extend(ask(from, sql, Some(i64::MIN)).await?);
    }
    for sql in open() {
        differences.extend(ask(from, sql, None).await?);
    }
    Ok(differences)
}

/// Begins to read what is there at one moment, as these settings say.
pub(super) async fn snapshot(db: &Db, settings: &str) -> Result<Tx> {
    let tx = db.begin().await?;
    let snapshot = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY";
    tx.inner().execute_unprepared(snapshot).await?;
    tx.inner().execute_unprepared(settings).await?;
    Ok(tx)
}

/// Answers the first differences that a rule finds, behind a number if it asks for one.
pub(super) async fn ask(
    from: &impl Read,
    sql: &str,
    behind: Option<i64>,
) -> Result<Vec<Difference>> {
    let first = format!("SELECT * FROM ({sql}\n) AS differences LIMIT {MAX_DIFFERENCES}");
    let first = statement(&first, behind.map(Value::from));
    Ok(Difference::find_by_statement(first)
        .all(from.conn())
        .await?)
}
