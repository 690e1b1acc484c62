//! What of the ledger is verified, so that a check reads what was added since and what is open, and
//! not all that was ever moved.
//!
//! Transfers are numbered when they are inserted and seen when they commit: one may come to be seen
//! below others that were seen long before. So the verified part ends at a number only once every
//! transaction that was inserting when that number was seen has ended. An insertion locks the table
//! before it takes a number, and whoever holds that lock stands in `pg_locks`.
//!
//! That what was added is right follows from what stands before it: an account's entry from the one
//! in front of it, and the sums of all accounts of a kind from what they were. Whoever changes what is
//! verified in a way that leaves the sums as they are is found by the whole check alone.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use sea_orm::{ConnectionTrait, FromQueryResult, Statement};

use super::check::{Difference, added, ask, open, snapshot};
use crate::db::sealed::Connected as _;
use crate::statement::statement;
use crate::{Db, Error, Read, Result};

/// How long one statement may read what was added, or the accounts, which it reads from end to end.
const READ: &str = "SET LOCAL statement_timeout = '5min'; SET LOCAL enable_seqscan = on";

/// What was added is little beside what is there, whatever the planner believes: each row is looked
/// up by its key.
const BY_KEY: &str =
    "SET LOCAL plan_cache_mode = force_custom_plan; SET LOCAL enable_seqscan = off;
    SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off";

/// What the accounts of each kind and unit hold together.
const SUMS: &str = "SELECT kind, unit, sum(balance)::text AS balance, sum(held)::text AS held,
        sum(entries)::text AS entries
    FROM (
        SELECT kind, unit, sum(balance) AS balance, sum(held) AS held, sum(entries) AS entries
        FROM ledger_accounts GROUP BY kind, unit
        UNION ALL
        SELECT a.kind, a.unit, sum(s.balance), 0, 0
        FROM ledger_stripes s JOIN ledger_accounts a ON a.id = s.account_id GROUP BY a.kind, a.unit
    ) part GROUP BY kind, unit";

/// What the transfers behind `$1`, up to `$2` if that is some number, did to them.
const MOVED: &str = "SELECT a.kind, a.unit, sum(s.amount)::text AS balance,
        -- Nobody holds anything back in the house's account or outside of it, nor has entries there.
        coalesce(sum(s.held) FILTER (WHERE a.kind IN ('user', 'escrow')), 0)::text AS held,
        (count(*) FILTER (WHERE a.kind IN ('user', 'escrow')))::text AS entries
    FROM ledger_sides s JOIN ledger_accounts a ON a.id = s.account_id
    WHERE s.number > $1 AND ($2::bigint IS NULL OR s.number <= $2) GROUP BY a.kind, a.unit";

const BALANCES: &str = "balances_follow_from_transfers";
const UNITS: &str = "units_sum_to_zero";

/// The verified part of the ledger: all transfers up to one, below which none is still to come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    /// The last of them.
    number: i64,
    /// What they come to.
    sums: Sums,
    /// Where it ends next.
    next: End,
}

impl Verified {
    /// Takes everything up to `end` for verified, and leaves it to a whole check that begins behind
    /// this. None while something is still to come below it: ask again then.
    pub async fn begin(db: &Db, end: &End) -> Result<Option<Self>> {
        if !end.is_settled(db).await? {
            return Ok(None);
        }
        let tx = snapshot(db, READ).await?;
        let now = Sums::of(&tx).await?;
        tx.inner().execute_unprepared(BY_KEY).await?;
        let ahead = Sums::moved(&tx, end.number, None).await?;
        tx.commit().await?;
        Ok(Some(Self {
            number: end.number,
            sums: now.less(&ahead),
            next: End::of(db).await?,
        }))
    }

    /// The number of the last transfer that is verified.
    pub const fn number(&self) -> i64 {
        self.number
    }

    /// Checks what was added and what is open, in one snapshot. What was added is verified from now on,
    /// as far as nothing is still to come below it; while something differs there, all of it is looked
    /// at again.
    pub async fn check(&mut self, db: &Db) -> Result<Vec<Difference>> {
        // Before the snapshot, which then sees whatever they have left.
        let is_settled = self.next.is_settled(db).await?;
        let tx = snapshot(db, READ).await?;
        let now = Sums::of(&tx).await?;
        let mut differences = now.unbalanced();
        for sql in open() {
            differences.extend(ask(&tx, sql, None).await?);
        }
        tx.inner().execute_unprepared(BY_KEY).await?;
        let next = self.next.number;
        let reached = Sums::moved(&tx, self.number, Some(next)).await?;
        let reached = self.sums.clone().plus(&reached);
        let ahead = Sums::moved(&tx, next, None).await?;
        let mut unverified = now.differences(&reached.clone().plus(&ahead));
        for sql in added() {
            unverified.extend(ask(&tx, sql, Some(self.number)).await?);
        }
        tx.commit().await?;
        if unverified.is_empty() && is_settled {
            self.number = next;
            self.sums = reached;
            self.next = End::of(db).await?;
        }
        differences.extend(unverified);
        Ok(differences)
    }
}

/// A number that a transfer had, and who was inserting when it was seen: only they can still bring one
/// below it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct End {
    number: i64,
    /// Their transactions, as many as there are connections at the most.
    inserting: BTreeSet<String>,
}

impl End {
    /// The last number that there is.
    pub async fn of(db: &Db) -> Result<Self> {
        #[derive(FromQueryResult)]
        struct Last {
            number: i64,
        }
        let last = "SELECT coalesce(max(number), 0) AS number FROM ledger_transfers";
        let last = Last::find_by_statement(statement(last, []));
        let last = last.one(db.conn()).await?;
        Ok(Self {
            number: last.map_or(0, |last| last.number),
            // Behind the number: whoever has taken a lower one stands here, unless it has ended.
            inserting: inserting(db).await?,
        })
    }

    /// Whether every transfer up to here that will ever be there is there.
    async fn is_settled(&self, db: &Db) -> Result<bool> {
        Ok(self.inserting.is_disjoint(&inserting(db).await?))
    }
}

/// The transactions that may have inserted transfers, or are about to. One that is prepared for a
/// commit in two phases would lose its name; nobody prepares any.
async fn inserting(db: &Db) -> Result<BTreeSet<String>> {
    #[derive(FromQueryResult)]
    struct Holder {
        holder: String,
    }
    let list = "SELECT DISTINCT virtualtransaction AS holder FROM pg_locks
        WHERE locktype = 'relation' AND relation = 'ledger_transfers'::regclass
            AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
            AND mode = 'RowExclusiveLock' AND granted";
    let holders = Holder::find_by_statement(statement(list, []));
    let holders = holders.all(db.conn()).await?;
    Ok(holders.into_iter().map(|it| it.holder).collect())
}

/// What the accounts of each kind and unit hold together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Sums(BTreeMap<(String, String), Sum>);

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Sum {
    balance: i128,
    held: i128,
    entries: i128,
}

impl Sum {
    const fn plus(self, other: Self) -> Self {
        Self {
            balance: self.balance.saturating_add(other.balance),
            held: self.held.saturating_add(other.held),
            entries: self.entries.saturating_add(other.entries),
        }
    }

    const fn less(self, other: Self) -> Self {
        Self {
            balance: self.balance.saturating_sub(other.balance),
            held: self.held.saturating_sub(other.held),
            entries: self.entries.saturating_sub(other.entries),
        }
    }
}

impl fmt::Display for Sum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            balance,
            held,
            entries,
        } = self;
        write!(f, "balance {balance}, held {held}, entries {entries}")
    }
}

#[derive(FromQueryResult)]
struct SumRow {
    kind: String,
    unit: String,
    balance: String,
    held: String,
    entries: String,
}

impl Sums {
    async fn of(from: &impl Read) -> Result<Self> {
        Self::read(from, statement(SUMS, [])).await
    }

    /// What the transfers behind one number did, up to another if there is one.
    async fn moved(from: &impl Read, behind: i64, up_to: Option<i64>) -> Result<Self> {
        Self::read(from, statement(MOVED, [behind.into(), up_to.into()])).await
    }

    async fn read(from: &impl Read, sums: Statement) -> Result<Self> {
        let rows = SumRow::find_by_statement(sums).all(from.conn()).await?;
        let sums = rows.into_iter().map(|row| {
            let read = |sum: &str| {
                sum.parse::<i128>()
                    .map_err(|_no_number| Error::corrupt("a sum of ledger_accounts", sum))
            };
            let sum = Sum {
                balance: read(&row.balance)?,
                held: read(&row.held)?,
                entries: read(&row.entries)?,
            };
            Ok(((row.kind, row.unit), sum))
        });
        sums.collect::<Result<_>>().map(Self)
    }

    fn plus(self, other: &Self) -> Self {
        self.with(other, Sum::plus)
    }

    fn less(self, other: &Self) -> Self {
        self.with(other, Sum::less)
    }

    fn with(mut self, other: &Self, change: fn(Sum, Sum) -> Sum) -> Self {
        for (of, &by) in &other.0 {
            let sum = self.0.entry(of.clone()).or_default();
            *sum = change(*sum, by);
        }
        self
    }

    /// What is not as it should be.
    fn differences(&self, expected: &Self) -> Vec<Difference> {
        let zero = Sum::default();
        let all: BTreeSet<_> = self.0.keys().chain(expected.0.keys()).collect();
        let compared = all.into_iter().filter_map(|of| {
            let found = self.0.get(of).unwrap_or(&zero);
            let expected = expected.0.get(of).unwrap_or(&zero);
            let (kind, unit) = of;
            (found != expected).then(|| Difference {
                rule: BALANCES.to_owned(),
                subject: format!("all {kind} accounts of {unit}"),
                expected: expected.to_string(),
                found: found.to_string(),
            })
        });
        compared.collect()
    }

    /// The units whose accounts do not come to zero.
    fn unbalanced(&self) -> Vec<Difference> {
        let mut units: BTreeMap<&str, i128> = BTreeMap::new();
        for ((_, unit), sum) in &self.0 {
            let balance = units.entry(unit).or_default();
            *balance = balance.saturating_add(sum.balance);
        }
        units.retain(|_, balance| *balance != 0);
        let told = units.into_iter().map(|(unit, balance)| Difference {
            rule: UNITS.to_owned(),
            subject: unit.to_owned(),
            expected: "0".to_owned(),
            found: balance.to_string(),
        });
        told.collect()
    }
}
