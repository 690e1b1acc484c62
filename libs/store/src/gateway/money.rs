//! Wallets, what moved in them, and items.

use domain::id::{AccountId, TransferId, UserId};
use domain::money::Currency;
use sea_orm::{FromQueryResult, Value};
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
    /// What to deposit to on the chain; none where nothing can be deposited.
    pub address: Option<String>,
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
    /// The transaction on the chain that brought it; none unless it is a deposit.
    pub signature: Option<String>,
}

/// Something that happened to a wallet.
#[derive(Clone, Debug, PartialEq, Eq, FromQueryResult)]
pub struct Entry {
    /// Its number among those of its wallet: each is one more than the last.
    pub number: i64,
    /// What moved; the amount is 0 where only the held part changed.
    #[sea_orm(nested)]
    pub movement: Movement,
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
    SELECT a.id, a.owner_id, a.unit, a.balance, a.held, c.address, a.created_at,
        (extract(epoch FROM a.created_at) * 1000000)::bigint AS cursor_number, a.id AS cursor_id
    FROM ledger_accounts a
    LEFT JOIN chain_accounts c ON c.user_id = a.owner_id AND c.currency = a.unit
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

/// The wallets that the viewer may see, or those of this currency.
pub fn wallets(viewer: Viewer, currency: Option<Currency>) -> List<Wallet> {
    let sql = format!("{WALLETS} AND ($2::text IS NULL OR a.unit = $2)");
    List::new(sql, [viewer.restriction(), code(currency)])
}

/// The code of a currency; null for whichever.
fn code(currency: Option<Currency>) -> Value {
    currency.map(Currency::code).into()
}

const MOVEMENTS: &str = "
    SELECT t.id, a.id AS account_id, a.owner_id, a.unit, e.amount, e.balance_after, t.kind,
        t.reference_id, t.created_at, d.signature, t.number AS cursor_number, t.id AS cursor_id
    FROM ledger_accounts a
    JOIN ledger_entries e ON e.account_id = a.id
    JOIN ledger_transfers t ON t.id = e.transfer_id
    LEFT JOIN deposits d ON d.id = t.id
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

/// Those of them that came in over the chain.
pub fn deposits(viewer: Viewer, currency: Option<Currency>) -> List<Movement> {
    let sql =
        format!("{MOVEMENTS} AND d.user_id = a.owner_id AND ($2::text IS NULL OR a.unit = $2)");
    List::new(sql, [viewer.restriction(), code(currency)])
}

#[derive(FromQueryResult)]
struct Counted {
    id: Uuid,
    entries: i64,
}

/// How many entries each of these accounts has, in their order; 0 for one that does not exist.
pub async fn count_entries(from: &impl Read, wallets: &[AccountId]) -> Result<Vec<i64>> {
    let count = statement(
        "SELECT id, entries FROM ledger_accounts WHERE id = ANY ($1)",
        [array(wallets.iter().map(|wallet| wallet.uuid()))],
    );
    let counted = Counted::find_by_statement(count).all(from.conn()).await?;
    let of = |wallet: &AccountId| {
        let found = counted.iter().find(|it| it.id == wallet.uuid());
        found.map_or(0, |found| found.entries)
    };
    Ok(wallets.iter().map(of).collect())
}

/// What happened to these wallets behind an entry of each, wallet by wallet in its order; at most `limit`
/// of each.
pub async fn list_entries(
    from: &impl Read,
    behind: &[(AccountId, i64)],
    limit: u32,
) -> Result<Vec<Entry>> {
    let (wallets, numbers): (Vec<Uuid>, Vec<i64>) = behind
        .iter()
        .map(|(wallet, number)| (wallet.uuid(), *number))
        .unzip();
    let list = statement(
        "SELECT e.number, t.id, e.account_id, a.owner_id, a.unit, e.amount, e.balance_after, t.kind,
            t.reference_id, t.created_at, d.signature
         FROM unnest($1::uuid[], $2::bigint[]) WITH ORDINALITY AS told (account_id, number, place)
         CROSS JOIN LATERAL (
             SELECT * FROM ledger_entries e
             WHERE e.account_id = told.account_id AND e.number > told.number
             ORDER BY e.number LIMIT $3
         ) e
         JOIN ledger_accounts a ON a.id = e.account_id
         JOIN ledger_transfers t ON t.id = e.transfer_id
         LEFT JOIN deposits d ON d.id = t.id
         ORDER BY told.place, e.number",
        [wallets.into(), numbers.into(), i64::from(limit).into()],
    );
    Ok(Entry::find_by_statement(list).all(from.conn()).await?)
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
