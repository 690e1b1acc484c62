//! Withdrawals as they are shown.

use domain::id::WithdrawalId;
use sea_orm::FromQueryResult;
use time::OffsetDateTime;
use uuid::Uuid;

use super::{List, Viewer, array};
use crate::statement::statement;
use crate::{Read, Result};

/// Money on its way out.
#[derive(Clone, Debug, PartialEq, Eq, FromQueryResult)]
pub struct Withdrawal {
    /// Its id.
    pub id: Uuid,
    /// Whose it is.
    pub user_id: Uuid,
    /// The currency's code.
    pub currency: String,
    /// How much, in minor units.
    pub amount: i64,
    /// What of it is kept for opening a token account, in minor units.
    pub fee: i64,
    /// The wallet that gets it.
    pub address: String,
    /// How far it has come.
    pub status: String,
    /// Why it was rejected or failed.
    pub reason: Option<String>,
    /// The transaction that paid it.
    pub signature: Option<String>,
    /// When it was asked for.
    pub created_at: OffsetDateTime,
    /// When it last changed.
    pub updated_at: OffsetDateTime,
}

const WITHDRAWALS: &str = "
    SELECT w.id, w.user_id, w.currency, w.amount, w.fee, w.address, w.status, w.reason, w.signature,
        w.created_at, w.updated_at,
        (extract(epoch FROM w.created_at) * 1000000)::bigint AS cursor_number, w.id AS cursor_id
    FROM withdrawals w
    WHERE ($1::uuid IS NULL OR w.user_id = $1)";

/// Finds those of these withdrawals that the viewer may see.
pub async fn find_withdrawals(
    from: &impl Read,
    viewer: Viewer,
    withdrawals: &[WithdrawalId],
) -> Result<Vec<Withdrawal>> {
    let sql = format!("{WITHDRAWALS} AND w.id = ANY ($2)");
    let withdrawals = array(withdrawals.iter().map(|it| it.uuid()));
    let find = statement(&sql, [viewer.restriction(), withdrawals]);
    Ok(Withdrawal::find_by_statement(find).all(from.conn()).await?)
}

/// The withdrawals that the viewer may see, or those with one status.
pub fn withdrawals(viewer: Viewer, status: Option<&str>) -> List<Withdrawal> {
    let sql = format!("{WITHDRAWALS} AND ($2::text IS NULL OR w.status = $2)");
    let status = status.map(str::to_owned);
    List::new(sql, [viewer.restriction(), status.into()])
}
