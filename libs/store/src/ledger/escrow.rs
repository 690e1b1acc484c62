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
             coalesce(sum(e.amount) FILTER (WHERE e.amount > 0), 0)::bigint AS paid_in,
             coalesce(-sum(e.amount) FILTER (WHERE e.amount < 0), 0)::bigint AS paid_out
         FROM ledger_accounts a
         JOIN ledger_entries e ON e.account_id = a.id AND e.amount <> 0
         JOIN ledger_transfers t ON t.id = e.transfer_id
         JOIN ledger_accounts other
             ON other.id = CASE a.id WHEN t.debit_id THEN t.credit_id ELSE t.debit_id END
         WHERE a.owner_id = $1 AND a.kind = 'escrow'
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
