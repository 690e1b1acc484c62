//! Posting transfers.

use std::collections::{BTreeMap, BTreeSet};

use domain::ledger::{Account, Movement, Refusal, Transfer};
use sea_orm::{ConnectionTrait, DatabaseTransaction, DbErr, FromQueryResult, TransactionTrait};
use serde::Serialize;
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
        Ok(inserted) if inserted == transfers.len() => {
            savepoint.commit().await?;
            Ok(Ok(Posted::Now))
        }
        Ok(inserted) => {
            let before = inserted == 0 && were_posted(&savepoint, transfers).await?;
            savepoint.rollback().await?;
            Ok(if before {
                Ok(Posted::Before)
            } else {
                Err(Refusal::KeyReused)
            })
        }
        Err(cause) => {
            let refusal = refusal(&cause).ok_or_else(|| Error::from(cause))?;
            savepoint.rollback().await?;
            Ok(Err(refusal))
        }
    }
}

/// Opens an account before its first movement; false if it was open.
pub async fn open(tx: &Tx, account: &Account) -> Result<bool> {
    let row = AccountRow::from(account);
    let insert = statement(
        "INSERT INTO ledger_accounts (id, owner_id, kind, unit, expires_at_ms)
         VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING",
        [
            row.id.into(),
            row.owner_id.into(),
            row.kind.into(),
            row.unit.into(),
            row.expires_at_ms.into(),
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
        "ledger_entries_balance" | "ledger_entries_held" => Some(Refusal::Insufficient),
        "ledger_transfers_one_end" => Some(Refusal::HoldEnded),
        "ledger_transfers_pending_id_fkey" | "ledger_transfers_same_as_hold" => {
            Some(Refusal::UnknownHold)
        }
        "ledger_transfers_amount_check" => Some(Refusal::OutOfRange),
        _ => None,
    }
}

#[derive(Serialize)]
struct AccountRow {
    id: Uuid,
    owner_id: Uuid,
    kind: &'static str,
    unit: &'static str,
    expires_at_ms: Option<i64>,
}

impl From<&Account> for AccountRow {
    fn from(account: &Account) -> Self {
        Self {
            id: account.id().uuid(),
            owner_id: account.owner,
            kind: account.kind.code(),
            unit: account.unit.code(),
            expires_at_ms: account.expires_at.map(|at| at.ms()),
        }
    }
}

/// A transfer as it is inserted; of a post or void the database fills in what its hold says.
#[derive(Serialize)]
struct TransferRow<'a> {
    place: usize,
    id: Uuid,
    debit_id: Option<Uuid>,
    credit_id: Option<Uuid>,
    unit: Option<&'static str>,
    amount: Option<i64>,
    phase: &'static str,
    pending_id: Option<Uuid>,
    kind: &'static str,
    reference_id: Uuid,
    key: &'a str,
    body_hash: String,
}

impl<'a> TransferRow<'a> {
    fn of((place, transfer): (usize, &'a Transfer)) -> Self {
        let row = Self {
            place,
            id: transfer.key.id().uuid(),
            debit_id: None,
            credit_id: None,
            unit: None,
            amount: None,
            phase: "single",
            pending_id: None,
            kind: transfer.kind,
            reference_id: transfer.reference,
            key: transfer.key.as_str(),
            body_hash: transfer.body_hash(),
        };
        match transfer.movement {
            Movement::Move {
                debit,
                credit,
                amount,
            } => Self {
                debit_id: Some(debit.id().uuid()),
                credit_id: Some(credit.id().uuid()),
                unit: Some(debit.unit.code()),
                amount: Some(amount),
                ..row
            },
            Movement::Hold { debit, amount } => Self {
                debit_id: Some(debit.id().uuid()),
                unit: Some(debit.unit.code()),
                amount: Some(amount),
                phase: "pending",
                ..row
            },
            Movement::Post { hold, credit } => Self {
                credit_id: Some(credit.id().uuid()),
                phase: "post",
                pending_id: Some(hold.uuid()),
                ..row
            },
            Movement::Void { hold } => Self {
                phase: "void",
                pending_id: Some(hold.uuid()),
                ..row
            },
        }
    }
}

fn accounts(transfers: &[Transfer]) -> BTreeMap<Uuid, AccountRow> {
    let sides = transfers
        .iter()
        .flat_map(|transfer| match transfer.movement {
            Movement::Move { debit, credit, .. } => [Some(debit), Some(credit)],
            Movement::Hold { debit, .. } => [Some(debit), None],
            Movement::Post { credit, .. } => [Some(credit), None],
            Movement::Void { .. } => [None, None],
        });
    sides
        .flatten()
        .map(|account| (account.id().uuid(), AccountRow::from(&account)))
        .collect()
}

#[derive(FromQueryResult)]
struct Count {
    count: i64,
}

/// Inserts the transfers whose keys are new, and answers how many those were.
async fn insert(tx: &DatabaseTransaction, transfers: &[Transfer]) -> Result<usize, DbErr> {
    let rows: Vec<_> = transfers.iter().enumerate().map(TransferRow::of).collect();
    let accounts: Vec<_> = accounts(transfers).into_values().collect();
    let insert = statement(
        "WITH opened AS (
             INSERT INTO ledger_accounts (id, owner_id, kind, unit, expires_at_ms)
             SELECT id, owner_id, kind, unit, expires_at_ms
             FROM jsonb_to_recordset($1)
                 AS a (id uuid, owner_id uuid, kind text, unit text, expires_at_ms bigint)
             ORDER BY id ON CONFLICT DO NOTHING
         ), moved AS (
             INSERT INTO ledger_transfers (id, debit_id, credit_id, unit, amount, phase, pending_id,
                 kind, reference_id, key, body_hash)
             SELECT t.id, coalesce(t.debit_id, hold.debit_id), t.credit_id,
                 coalesce(t.unit, hold.unit), coalesce(t.amount, hold.amount), t.phase,
                 t.pending_id, t.kind, t.reference_id, t.key, t.body_hash
             FROM jsonb_to_recordset($2) AS t (place bigint, id uuid, debit_id uuid, credit_id uuid,
                 unit text, amount bigint, phase text, pending_id uuid, kind text,
                 reference_id uuid, key text, body_hash text)
             LEFT JOIN ledger_transfers hold ON hold.id = t.pending_id AND hold.phase = 'pending'
             ORDER BY t.place ON CONFLICT (key) DO NOTHING RETURNING 1
         )
         SELECT count(*) AS count FROM moved",
        [json(&accounts)?.into(), json(&rows)?.into()],
    );
    let count = Count::find_by_statement(insert)
        .one(tx)
        .await?
        .map_or(0, |row| row.count);
    Ok(usize::try_from(count).unwrap_or(usize::MAX))
}

/// Whether exactly these transfers were posted before.
async fn were_posted(tx: &DatabaseTransaction, transfers: &[Transfer]) -> Result<bool, DbErr> {
    let bodies: Vec<_> = transfers
        .iter()
        .map(|transfer| (transfer.key.as_str(), transfer.body_hash()))
        .collect();
    let count = statement(
        "SELECT count(*) AS count FROM jsonb_array_elements($1) body
         JOIN ledger_transfers t ON t.key = body ->> 0 AND t.body_hash = body ->> 1",
        [json(&bodies)?.into()],
    );
    let count = Count::find_by_statement(count)
        .one(tx)
        .await?
        .map_or(0, |row| row.count);
    Ok(usize::try_from(count) == Ok(transfers.len()))
}

fn json(rows: &impl Serialize) -> Result<serde_json::Value, DbErr> {
    serde_json::to_value(rows).map_err(|cause| DbErr::Json(cause.to_string()))
}
