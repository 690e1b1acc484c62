//! The auditor: recomputes every balance from the transfers, and compares holds and escrows with
//! what they are kept for.

use std::fmt;

use sea_orm::{ConnectionTrait, FromQueryResult};
use serde::Serialize;

use crate::statement::statement;
use crate::{Db, Read, Result};

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
macro_rules! checks {
    ($($rule:literal),* $(,)?) => {
        &[$(($rule, include_str!(concat!("check/", $rule, ".sql")))),*]
    };
}

const CHECKS: &[(&str, &str)] = checks![
    "units_sum_to_zero",
    "balances_follow_from_transfers",
    "entries_follow_from_transfers",
    "entries_add_up",
    "transfers_are_well_formed",
    "expiring_holds_are_listed",
    "holds_have_a_reason",
    "escrows_cover_open_battles",
    "escrows_are_settled",
    "escrows_cover_withdrawals",
];

/// The names of the rules that are checked.
pub fn rules() -> impl Iterator<Item = &'static str> {
    CHECKS.iter().map(|(rule, _)| *rule)
}

/// How many differences of one kind are listed: one is alarm enough.
const MAX_DIFFERENCES: u32 = 1_000;
/// How long one check may read: whatever was ever moved.
const CHECK_TIMEOUT: &str = "SET LOCAL statement_timeout = '15min'";

/// Checks the whole ledger in one snapshot.
pub async fn audit(db: &Db) -> Result<Vec<Difference>> {
    let tx = db.begin().await?;
    let snapshot = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY";
    tx.inner().execute_unprepared(snapshot).await?;
    tx.inner().execute_unprepared(CHECK_TIMEOUT).await?;
    let differences = check(&tx).await?;
    tx.commit().await?;
    Ok(differences)
}

/// Checks the whole ledger, each rule for itself; answers the first thousand differences of each.
pub async fn check(from: &impl Read) -> Result<Vec<Difference>> {
    let mut differences = Vec::new();
    for (_, sql) in CHECKS {
        let first = format!("SELECT * FROM ({sql}\n) AS differences LIMIT $1");
        let first = statement(&first, [i64::from(MAX_DIFFERENCES).into()]);
        let found = Difference::find_by_statement(first)
            .all(from.conn())
            .await?;
        differences.extend(found);
    }
    Ok(differences)
}
