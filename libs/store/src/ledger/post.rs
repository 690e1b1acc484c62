//! Posting transfers.

use std::collections::{BTreeMap, BTreeSet};

use domain::id::TransferId;
use domain::ledger::{Account, Movement, Refusal, Transfer};
use domain::timestamp::Timestamp;
use sea_orm::{
    ConnectionTrait, DatabaseTransaction, DbErr, FromQueryResult, Statement, TransactionTrait,
    Value,
};
use uuid::Uuid;

use crate::error::{broken_constraint, is_state};
use crate::statement::statement;
use crate::{Error, Result, Tx};

/// What became of transfers that were not refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Posted {
    /// They moved now.
    Now,
    /// They had moved before, all of them; nothing moved now.
    Before,
}

/// Posts linked transfers in one statement: all of them move, in this order, or none does.
///
/// Accounts are opened as needed. A refusal leaves the transaction usable. The same transfers
/// under the same keys move once. Post everything that a transaction moves in one call: between
/// two calls it may wait in a circle with another transaction, which ends in `Conflict`.
pub async fn post(tx: &Tx, transfers: &[Transfer]) -> Result<Result<Posted, Refusal>> {
    if transfers.is_empty() {
        return Ok(Ok(Posted::Now));
    }
    if repeats_a_key(transfers) {
        return Ok(Err(Refusal::KeyReused));
    }
    let savepoint = tx.inner().begin().await?;
    match insert(&savepoint, transfers).await {
        Ok(()) => {
            savepoint.commit().await?;
            Ok(Ok(Posted::Now))
        }
        Err(cause) => {
            let refusal = refusal(&cause).ok_or_else(|| Error::from(cause))?;
            savepoint.rollback().await?;
            // A repeat meets its own rows in an index; which one is a matter of their order.
            let may_be_the_same = matches!(refusal, Refusal::KeyReused | Refusal::HoldEnded);
            if may_be_the_same && were_posted(tx.inner(), transfers).await? {
                return Ok(Ok(Posted::Before));
            }
            let late = refusal == Refusal::HoldEnded && expired(tx.inner(), transfers).await?;
            Ok(Err(if late { Refusal::HoldExpired } else { refusal }))
        }
    }
}

/// Opens an account before its first movement; false if it was open.
pub async fn open(tx: &Tx, account: &Account) -> Result<bool> {
    let insert = statement(
        "INSERT INTO ledger_accounts (id, owner_id, kind, unit, expires_at_ms)
         VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING",
        [
            account.id().uuid().into(),
            account.owner.into(),
            account.kind.code().into(),
            account.unit.code().into(),
            account.expires_at.map(|at| at.ms()).into(),
        ],
    );
    Ok(tx.inner().execute_raw(insert).await?.rows_affected() == 1)
}

fn repeats_a_key(transfers: &[Transfer]) -> bool {
    let keys: BTreeSet<_> = transfers.iter().map(|transfer| &transfer.key).collect();
    keys.len() < transfers.len()
}

/// What the database means by refusing.
fn refusal(cause: &DbErr) -> Option<Refusal> {
    if is_state(cause, "22003") {
        return Some(Refusal::OutOfRange);
    }
    if is_state(cause, "23502") {
        return Some(Refusal::UnknownHold);
    }
    match broken_constraint(cause)? {
        "ledger_transfers_pkey" | "ledger_transfers_key" => Some(Refusal::KeyReused),
        "ledger_accounts_balance_check"
        | "ledger_accounts_held_check"
        | "ledger_accounts_held_within_balance"
        | "ledger_entries_balance"
        | "ledger_entries_held" => Some(Refusal::Insufficient),
        "ledger_transfers_one_end" => Some(Refusal::HoldEnded),
        "ledger_transfers_same_as_hold" => Some(Refusal::UnknownHold),
        "ledger_transfers_in_time" => Some(Refusal::HoldExpired),
        "ledger_transfers_when_due" => Some(Refusal::HoldNotExpired),
        "ledger_transfers_amount_check" | "ledger_stripes_bounded" => Some(Refusal::OutOfRange),
        _ => None,
    }
}

/// Whether one of these transfers would post a hold that was freed because it had expired: whoever
/// is late hears the same before and after that.
async fn expired(tx: &DatabaseTransaction, transfers: &[Transfer]) -> Result<bool, DbErr> {
    let posted: Vec<Uuid> = transfers.iter().filter_map(posted_hold).collect();
    let find = statement(
        "SELECT count(*) AS count FROM ledger_transfers
         WHERE pending_id = ANY ($1) AND phase = 'expire'",
        [posted.into()],
    );
    Ok(count(tx, find).await? > 0)
}

fn posted_hold(transfer: &Transfer) -> Option<Uuid> {
    match transfer.movement {
        Movement::Post { hold, .. } => Some(hold.uuid()),
        Movement::Move { .. }
        | Movement::Hold { .. }
        | Movement::Void { .. }
        | Movement::Expire { .. } => None,
    }
}

/// A transfer as it is inserted. What ends a hold is filled in by the database, as its hold says.
struct Row<'a> {
    transfer: &'a Transfer,
    phase: &'static str,
    debit: Option<&'a Account>,
    credit: Option<&'a Account>,
    amount: i64,
    pending: Option<Uuid>,
    expires_at: Option<Timestamp>,
}

impl<'a> Row<'a> {
    fn of(transfer: &'a Transfer) -> Self {
        let row = Self {
            transfer,
            phase: "single",
            debit: None,
            credit: None,
            amount: 0,
            pending: None,
            expires_at: None,
        };
        let ending = |phase, hold: &TransferId| Self {
            phase,
            pending: Some(hold.uuid()),
            ..row
        };
        match &transfer.movement {
            Movement::Move {
                debit,
                credit,
                amount,
            } => Self {
                debit: Some(debit),
                credit: Some(credit),
                amount: *amount,
                ..row
            },
            Movement::Hold {
                debit,
                amount,
                expires_at,
            } => Self {
                phase: "pending",
                debit: Some(debit),
                amount: *amount,
                expires_at: *expires_at,
                ..row
            },
            Movement::Post { hold, credit } => Self {
                credit: Some(credit),
                ..ending("post", hold)
            },
            Movement::Void { hold } => ending("void", hold),
            Movement::Expire { hold } => ending("expire", hold),
        }
    }
}

fn accounts<'a>(rows: &[Row<'a>]) -> BTreeMap<Uuid, &'a Account> {
    let sides = rows.iter().flat_map(|row| [row.debit, row.credit]);
    sides
        .flatten()
        .map(|account| (account.id().uuid(), account))
        .collect()
}

/// Stands for null in an array of ids, for SeaORM binds none with nulls in it. No account and no
/// transfer has it.
const NO_ID: Uuid = Uuid::nil();
/// The same in an array of moments.
const NEVER: i64 = i64::MIN;

fn ms(moment: Option<Timestamp>) -> i64 {
    // The first moment of all is as long ago as the one behind it.
    moment.map_or(NEVER, |at| at.ms().max(NEVER + 1))
}

/// An array of what each item has, which Postgres reads several times as fast as JSON.
fn each<'a, I, T>(items: impl IntoIterator<Item = &'a I>, of: impl Fn(&'a I) -> T) -> Value
where
    I: 'a,
    Vec<T>: Into<Value>,
{
    items.into_iter().map(of).collect::<Vec<T>>().into()
}

#[derive(FromQueryResult)]
struct Count {
    count: i64,
}

/// Inserts the transfers.
///
/// An array that is unnested behind SELECT becomes rows at once; behind FROM it is copied first.
/// OFFSET 0 leaves the planner no choice but to look each row up by its key, whatever it believes.
async fn insert(tx: &DatabaseTransaction, transfers: &[Transfer]) -> Result<(), DbErr> {
    let rows: Vec<Row<'_>> = transfers.iter().map(Row::of).collect();
    let accounts = accounts(&rows);
    let id = |account: Option<&Account>| account.map_or(NO_ID, |account| account.id().uuid());
    let insert = statement(
        "WITH opened AS (
             INSERT INTO ledger_accounts (id, owner_id, kind, unit, expires_at_ms)
             SELECT id, owner_id, kind, unit, nullif(expires_at_ms, $6)
             FROM (
                 SELECT unnest($1::uuid[]) AS id, unnest($2::uuid[]) AS owner_id,
                     unnest($3::text[]) AS kind, unnest($4::text[]) AS unit,
                     unnest($5::bigint[]) AS expires_at_ms
             ) a
             WHERE NOT EXISTS (SELECT FROM ledger_accounts open WHERE open.id = a.id OFFSET 0)
             ORDER BY id ON CONFLICT DO NOTHING
         )
         INSERT INTO ledger_transfers (id, debit_id, credit_id, unit, amount, phase, pending_id,
             kind, reference_id, key, body_hash, expires_at_ms)
         SELECT t.id, coalesce(hold.debit_id, nullif(t.debit_id, $18)),
             nullif(t.credit_id, $18), coalesce(hold.unit, t.unit),
             coalesce(hold.amount, t.amount), t.phase, nullif(t.pending_id, $18), t.kind,
             t.reference_id, t.key, t.body_hash, nullif(t.expires_at_ms, $6)
         FROM (
             SELECT generate_subscripts($7::uuid[], 1) AS place, unnest($7::uuid[]) AS id,
                 unnest($8::uuid[]) AS debit_id, unnest($9::uuid[]) AS credit_id,
                 unnest($10::text[]) AS unit, unnest($11::bigint[]) AS amount,
                 unnest($12::text[]) AS phase, unnest($13::uuid[]) AS pending_id,
                 unnest($14::text[]) AS kind, unnest($15::uuid[]) AS reference_id,
                 unnest($16::text[]) AS key, unnest($17::text[]) AS body_hash,
                 unnest($19::bigint[]) AS expires_at_ms
         ) t
         LEFT JOIN LATERAL (
             SELECT h.debit_id, h.unit, h.amount FROM ledger_transfers h
             WHERE h.id = nullif(t.pending_id, $18) AND h.phase = 'pending' OFFSET 0
         ) hold ON true
         ORDER BY t.place",
        [
            each(accounts.keys(), |id| *id),
            each(accounts.values(), |account| account.owner),
            each(accounts.values(), |account| account.kind.code().to_owned()),
            each(accounts.values(), |account| account.unit.code().to_owned()),
            each(accounts.values(), |account| ms(account.expires_at)),
            NEVER.into(),
            each(&rows, |row| row.transfer.key.id().uuid()),
            each(&rows, |row| id(row.debit)),
            each(&rows, |row| id(row.credit)),
            each(&rows, |row| {
                let unit = row.debit.map(|debit| debit.unit.code());
                unit.unwrap_or_default().to_owned()
            }),
            each(&rows, |row| row.amount),
            each(&rows, |row| row.phase.to_owned()),
            each(&rows, |row| row.pending.unwrap_or(NO_ID)),
            each(&rows, |row| row.transfer.kind.to_owned()),
            each(&rows, |row| row.transfer.reference),
            each(&rows, |row| row.transfer.key.as_str().to_owned()),
            each(&rows, |row| row.transfer.body_hash()),
            NO_ID.into(),
            each(&rows, |row| ms(row.expires_at)),
        ],
    );
    tx.execute_raw(insert).await?;
    Ok(())
}

/// Whether exactly these transfers were posted before.
async fn were_posted(tx: &DatabaseTransaction, transfers: &[Transfer]) -> Result<bool, DbErr> {
    let same = statement(
        "SELECT count(*) AS count FROM unnest($1::uuid[], $2::text[], $3::text[])
             AS t (id, key, body_hash)
         JOIN ledger_transfers posted USING (id, key, body_hash)",
        [
            each(transfers, |transfer| transfer.key.id().uuid()),
            each(transfers, |transfer| transfer.key.as_str().to_owned()),
            each(transfers, |transfer| transfer.body_hash()),
        ],
    );
    Ok(count(tx, same).await? == transfers.len())
}

async fn count(tx: &DatabaseTransaction, counting: Statement) -> Result<usize, DbErr> {
    let row = Count::find_by_statement(counting).one(tx).await?;
    let count = row.map_or(0, |row| row.count);
    Ok(usize::try_from(count).unwrap_or(usize::MAX))
}
