//! The holds that have expired and still hold something back.

use domain::id::TransferId;
use domain::ledger::Transfer;
use sea_orm::FromQueryResult;
use uuid::Uuid;

use crate::statement::statement;
use crate::{Page, Read, Result, Rows};

/// A hold that has expired and was not ended.
#[derive(Clone, Debug, PartialEq, Eq, FromQueryResult)]
pub struct ExpiredHold {
    /// The transfer that holds.
    pub id: Uuid,
    /// When it expired, in milliseconds since 1970.
    pub expires_at_ms: i64,
    /// What it is about.
    pub reference_id: Uuid,
    /// Whose account it holds something back in.
    pub owner_id: Uuid,
    /// In what sense: `user` or `escrow`.
    pub kind: String,
    /// The code of the account's unit.
    pub unit: String,
}

impl ExpiredHold {
    /// The transfer that frees it, the same whoever makes it.
    pub fn expiry(&self) -> Transfer {
        Transfer::expiry(TransferId::new(self.id), self.reference_id)
    }

    /// Its place among those that expired: the key of a page.
    pub const fn place(&self) -> (i64, Uuid) {
        (self.expires_at_ms, self.id)
    }
}

/// Lists the holds that have expired by the database's clock and were not ended, in the order of
/// their expiry.
pub async fn list_expired(from: &impl Read, page: Page<(i64, Uuid)>) -> Result<Rows<ExpiredHold>> {
    let (after_ms, after_id) = page.after.unzip();
    let list = statement(
        "SELECT e.hold_id AS id, e.expires_at_ms, h.reference_id, a.owner_id, a.kind, a.unit
         FROM ledger_expiring_holds e
         JOIN ledger_transfers h ON h.id = e.hold_id
         JOIN ledger_accounts a ON a.id = h.debit_id
         WHERE e.expires_at_ms <= ledger_ms(now())
             AND ($1::bigint IS NULL OR (e.expires_at_ms, e.hold_id) > ($1, $2::uuid))
         ORDER BY e.expires_at_ms, e.hold_id LIMIT $3",
        [after_ms.into(), after_id.into(), page.fetch().into()],
    );
    let rows = ExpiredHold::find_by_statement(list)
        .all(from.conn())
        .await?;
    Ok(Rows::of(&page, rows))
}
