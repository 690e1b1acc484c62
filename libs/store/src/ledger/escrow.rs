//! What went into an escrow and came out of it.

use domain::ledger::Unit;
use sea_orm::FromQueryResult;
use serde::Serialize;
use uuid::Uuid;

use crate::statement::statement;
use crate::{Read, Result};

/// Everything that an escrow got from, and gave to, one kind of account in one unit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, FromQueryResult)]
pub struct Flow {
    /// The code of the unit.
    pub unit: String,
    /// The kind of the accounts on the other side.
    pub kind: String,
    /// What they gave.
    pub paid_in: i64,
    /// What they got.
    pub paid_out: i64,
}

/// Lists what went through the escrow of `owner`, by unit and by who was on the other side.
pub async fn flows(from: &impl Read, owner: Uuid) -> Result<Vec<Flow>> {
    let list = statement(
        "SELECT t.unit, other.kind,
             coalesce(sum(t.amount) FILTER (WHERE t.credit_id = e.id), 0)::bigint AS paid_in,
             coalesce(sum(t.amount) FILTER (WHERE t.debit_id = e.id), 0)::bigint AS paid_out
         FROM ledger_accounts e
         JOIN ledger_transfers t ON e.id IN (t.debit_id, t.credit_id) AND t.phase IN ('single', 'post')
         JOIN ledger_accounts other ON other.id IN (t.debit_id, t.credit_id) AND other.id <> e.id
         WHERE e.owner_id = $1 AND e.kind = 'escrow'
         GROUP BY t.unit, other.kind ORDER BY t.unit, other.kind",
        [owner.into()],
    );
    Ok(Flow::find_by_statement(list).all(from.conn()).await?)
}

/// What went into an escrow and is not yet out again.
pub fn left_in(flows: &[Flow], unit: Unit) -> i128 {
    flows
        .iter()
        .filter(|flow| flow.unit == unit.code())
        .map(|flow| i128::from(flow.paid_in) - i128::from(flow.paid_out))
        .sum()
}
