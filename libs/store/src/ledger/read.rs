//! What accounts hold, and how they came to it.

use domain::id::{AccountId, TransferId, UserId};
use domain::ledger::{Account, TransferKey, Unit};
use domain::timestamp::Timestamp;
use entity::ledger_transfer;
use sea_orm::FromQueryResult;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::statement::statement;
use crate::{Page, Read, Result, Rows};

/// What an account holds.
#[derive(Clone, Debug, PartialEq, Eq, FromQueryResult)]
pub struct Balance {
    /// The account.
    pub id: Uuid,
    /// Whose it is.
    pub owner_id: Uuid,
    /// In what sense: `user`, `house`, `escrow` or `outside`.
    pub kind: String,
    /// The code of its unit.
    pub unit: String,
    /// When what lies in it lapses, in milliseconds since 1970.
    pub expires_at_ms: Option<i64>,
    /// Everything in it, held or not, in the smallest part of its unit.
    pub balance: i64,
    /// How much of that is held back for something.
    pub held: i64,
}

impl Balance {
    /// What can be spent.
    pub const fn free(&self) -> i64 {
        self.balance.saturating_sub(self.held)
    }
}

/// Finds what an account holds; none before its first movement.
pub async fn balance(from: &impl Read, account: AccountId) -> Result<Option<Balance>> {
    let find = statement(
        "SELECT * FROM ledger_balances WHERE id = $1",
        [account.uuid().into()],
    );
    Ok(Balance::find_by_statement(find).one(from.conn()).await?)
}

/// Finds what several accounts hold, in no particular order, leaving out those without movements.
pub async fn balances(from: &impl Read, accounts: &[Account]) -> Result<Vec<Balance>> {
    let ids: Vec<_> = accounts.iter().map(|account| account.id().uuid()).collect();
    let find = statement(
        "SELECT * FROM ledger_balances WHERE id = ANY ($1)",
        [ids.into()],
    );
    Ok(Balance::find_by_statement(find).all(from.conn()).await?)
}

/// Lists the accounts of a user that ever moved, by unit and expiry.
pub async fn list_accounts(from: &impl Read, user: UserId) -> Result<Vec<Balance>> {
    let list = statement(
        "SELECT * FROM ledger_balances WHERE owner_id = $1 AND kind = 'user'
         ORDER BY unit, expires_at_ms LIMIT 1000",
        [user.uuid().into()],
    );
    Ok(Balance::find_by_statement(list).all(from.conn()).await?)
}

/// Lists each user's lots of `unit` that are not empty and lapse after `now`, those that lapse first
/// before the others; at most a thousand of each.
pub async fn lots(
    from: &impl Read,
    users: &[UserId],
    unit: Unit,
    now: Timestamp,
) -> Result<Vec<Balance>> {
    let users: Vec<Uuid> = users.iter().map(|user| user.uuid()).collect();
    let list = statement(
        "SELECT lot.* FROM unnest($1::uuid[]) WITH ORDINALITY AS owner (id, place)
         CROSS JOIN LATERAL (
             SELECT * FROM ledger_balances
             WHERE owner_id = owner.id AND kind = 'user' AND unit = $2 AND balance > held
                 AND (expires_at_ms IS NULL OR expires_at_ms > $3)
             ORDER BY expires_at_ms NULLS LAST LIMIT 1000) lot
         ORDER BY owner.place, lot.expires_at_ms NULLS LAST",
        [users.into(), unit.code().into(), now.ms().into()],
    );
    Ok(Balance::find_by_statement(list).all(from.conn()).await?)
}

/// Finds a transfer by its key.
pub async fn find_transfer(
    from: &impl Read,
    key: &TransferKey,
) -> Result<Option<ledger_transfer::Model>> {
    let id: TransferId = key.id();
    let find = statement(
        "SELECT * FROM ledger_transfers WHERE id = $1",
        [id.uuid().into()],
    );
    Ok(ledger_transfer::Model::find_by_statement(find)
        .one(from.conn())
        .await?)
}

/// One movement of one account.
#[derive(Clone, Debug, PartialEq, Eq, FromQueryResult)]
pub struct HistoryRow {
    /// Its number among the movements of the account, from 1: the key of a page.
    pub number: i64,
    /// The transfer.
    pub transfer_id: Uuid,
    /// What the transfer is for.
    pub kind: String,
    /// What it is about.
    pub reference_id: Uuid,
    /// By how much the balance changed; 0 when something was only held or freed.
    pub amount: i64,
    /// By how much the held part changed.
    pub held: i64,
    /// The balance afterwards.
    pub balance_after: i64,
    /// The held part afterwards.
    pub held_after: i64,
    /// When.
    pub created_at: OffsetDateTime,
}

/// Lists the movements of a user's or an escrow account, newest first.
pub async fn history(
    from: &impl Read,
    account: AccountId,
    page: Page<i64>,
) -> Result<Rows<HistoryRow>> {
    let list = statement(
        "SELECT e.*, t.kind, t.reference_id, t.created_at
         FROM ledger_entries e JOIN ledger_transfers t ON t.id = e.transfer_id
         WHERE e.account_id = $1 AND ($2::bigint IS NULL OR e.number < $2)
         ORDER BY e.number DESC LIMIT $3",
        [
            account.uuid().into(),
            page.after.into(),
            page.fetch().into(),
        ],
    );
    let rows = HistoryRow::find_by_statement(list).all(from.conn()).await?;
    Ok(Rows::of(&page, rows))
}

#[derive(FromQueryResult)]
struct Total {
    total: i64,
}

/// How much of `unit` transfers of this kind have brought a user so far, whatever became of it.
pub async fn received(from: &impl Read, user: UserId, unit: Unit, kind: &str) -> Result<i64> {
    let sum = statement(
        "SELECT coalesce(sum(e.amount), 0)::bigint AS total
         FROM ledger_accounts a
         JOIN ledger_entries e ON e.account_id = a.id AND e.amount > 0
         JOIN ledger_transfers t ON t.id = e.transfer_id
         WHERE a.owner_id = $1 AND a.kind = 'user' AND a.unit = $2 AND t.kind = $3",
        [user.uuid().into(), unit.code().into(), kind.into()],
    );
    Ok(Total::find_by_statement(sum)
        .one(from.conn())
        .await?
        .map_or(0, |row| row.total))
}
