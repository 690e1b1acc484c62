//! Wallets, what moved in them, and items.

use domain::id::{AccountId, TransferId, UserId};
use sea_orm::FromQueryResult;
use time::OffsetDateTime;
use uuid::Uuid;

use super::{List, Viewer, array};
use crate::statement::statement;
use crate::{Read, Result};

/// A wallet: a user's ledger account of a currency.
#[derive(Clone, Debug, PartialEq, Eq, FromQueryResult)]
pub struct Wallet {
    /// The account.
    pub id: Uuid,
    /// Whose it is.
    pub owner_id: Uuid,
    /// The currency's code.
    pub unit: String,
    /// What it holds in minor units, the held part included.
    pub balance: i64,
    /// The part of it that is held.
    pub held: i64,
    /// Since when it exists.
    pub created_at: OffsetDateTime,
}

/// A movement in a wallet.
#[derive(Clone, Debug, PartialEq, Eq, FromQueryResult)]
pub struct Movement {
    /// The transfer.
    pub id: Uuid,
    /// The wallet.
    pub account_id: Uuid,
    /// Whose wallet.
    pub owner_id: Uuid,
    /// The currency's code.
    pub unit: String,
    /// How much came in, in minor units; negative when it went out.
    pub amount: i64,
    /// What the wallet held afterwards.
    pub balance_after: i64,
    /// What kind of movement, such as `entry_fee`.
    pub kind: String,
    /// What it belongs to, such as the match.
    pub reference_id: Uuid,
    /// When it was posted.
    pub created_at: OffsetDateTime,
}

/// Uses of an item that end together.
#[derive(Clone, Debug, PartialEq, Eq, FromQueryResult)]
pub struct Lot {
    /// The lot.
    pub id: Uuid,
    /// The item's code.
    pub unit: String,
    /// How many uses are left.
    pub balance: i64,
    /// When they end, in milliseconds since 1970; none if never.
    pub expires_at_ms: Option<i64>,
}

const WALLETS: &str = "
    SELECT a.id, a.owner_id, a.unit, a.balance, a.held, a.created_at,
        (extract(epoch FROM a.created_at) * 1000000)::bigint AS cursor_number, a.id AS cursor_id
    FROM ledger_accounts a
    WHERE a.kind = 'user' AND a.unit IN ('USDT', 'SOL', 'BT')
        AND ($1::uuid IS NULL OR a.owner_id = $1)";

/// Finds those of these wallets that the viewer may see.
pub async fn find_wallets(
    from: &impl Read,
    viewer: Viewer,
    wallets: &[AccountId],
) -> Result<Vec<Wallet>> {
    let sql = format!("{WALLETS} AND a.id = ANY ($2)");
    let wallets = array(wallets.iter().map(|wallet| wallet.uuid()));
    let find = statement(&sql, [viewer.restriction(), wallets]);
    Ok(Wallet::find_by_statement(find).all(from.conn()).await?)
}

/// The wallets that the viewer may see.
pub fn wallets(viewer: Viewer) -> List<Wallet> {
    List::new(WALLETS, [viewer.restriction()])
}

const MOVEMENTS: &str = "
    SELECT t.id, a.id AS account_id, a.owner_id, a.unit, e.amount, e.balance_after, t.kind,
        t.reference_id, t.created_at, t.number AS cursor_number, t.id AS cursor_id
    FROM ledger_accounts a
    JOIN ledger_entries e ON e.account_id = a.id
    JOIN ledger_transfers t ON t.id = e.transfer_id
    WHERE a.kind = 'user' AND a.unit IN ('USDT', 'SOL', 'BT') AND e.amount <> 0
        AND ($1::uuid IS NULL OR a.owner_id = $1)";

/// Finds those of these movements that the viewer may see.
pub async fn find_movements(
    from: &impl Read,
    viewer: Viewer,
    transfers: &[TransferId],
) -> Result<Vec<Movement>> {
    let sql = format!("{MOVEMENTS} AND t.id = ANY ($2)");
    let transfers = array(transfers.iter().map(|transfer| transfer.uuid()));
    let find = statement(&sql, [viewer.restriction(), transfers]);
    Ok(Movement::find_by_statement(find).all(from.conn()).await?)
}

/// The movements that the viewer may see, or those of one wallet.
pub fn movements(viewer: Viewer, wallet: Option<AccountId>) -> List<Movement> {
    let sql = format!("{MOVEMENTS} AND ($2::uuid IS NULL OR a.id = $2)");
    let wallet = wallet.map(|wallet| wallet.uuid());
    List::new(sql, [viewer.restriction(), wallet.into()])
}

/// More lots than anybody owns at a time.
const MAX_LOTS: u32 = 1_000;

/// The items that a user has at `now_ms`, those that end first before the others; a thousand lots at
/// the most.
pub async fn items(from: &impl Read, owner: UserId, now_ms: i64) -> Result<Vec<Lot>> {
    let find = statement(
        "SELECT id, unit, balance, expires_at_ms FROM ledger_accounts
         WHERE owner_id = $1 AND kind = 'user' AND unit = 'LEVERAGE_CARD' AND balance > 0
            AND (expires_at_ms IS NULL OR expires_at_ms > $2)
         ORDER BY expires_at_ms NULLS LAST, id LIMIT $3",
        [
            owner.uuid().into(),
            now_ms.into(),
            i64::from(MAX_LOTS).into(),
        ],
    );
    Ok(Lot::find_by_statement(find).all(from.conn()).await?)
}
