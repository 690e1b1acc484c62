//! What we own on the chain, what came in there, and every transaction that we signed.

use std::time::Duration;

use domain::id::{TransferId, UserId, WithdrawalId};
use domain::ledger::{Account, Unit};
use domain::money::{Currency, Money};
use domain::timestamp::Timestamp;
use sea_orm::{ConnectionTrait, DbErr, FromQueryResult, QueryResult};
use uuid::Uuid;

use crate::statement::statement;
use crate::{Error, Page, Read, Result, Rows, Tx};

/// An account of ours on the chain.
#[derive(Clone, Debug, PartialEq, Eq, FromQueryResult)]
pub struct ChainAccount {
    /// What holds the coins.
    pub account: String,
    /// The wallet that it belongs to.
    pub address: String,
    key_index: i64,
    user_id: Option<Uuid>,
    currency: String,
    cursor: Option<String>,
    cursor_slot: Option<i64>,
    scan_head: Option<String>,
    scan_head_slot: Option<i64>,
    scan_before: Option<String>,
    scan_last: Option<String>,
    to_gather: i64,
}

/// An account of ours whose turn it is to be looked at.
#[derive(Clone, Debug, PartialEq, Eq, FromQueryResult)]
pub struct Turn {
    /// The account.
    #[sea_orm(nested)]
    pub account: ChainAccount,
    /// Whether its transactions are to be read whatever it holds, because nobody has for long.
    pub is_due: bool,
}

/// How far the transactions of an account were seen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// The newest transaction up to which all were seen; none if there was none.
    pub cursor: Option<Place>,
    /// The scan that goes on; none between two.
    pub scan: Option<Scan>,
}

/// A transaction that was seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The transaction.
    pub signature: String,
    /// The slot that it stands in.
    pub slot: i64,
}

impl Place {
    fn read(signature: &Option<String>, slot: Option<i64>) -> Option<Self> {
        let signature = signature.clone();
        signature
            .zip(slot)
            .map(|(signature, slot)| Self { signature, slot })
    }
}

/// A scan that goes back from the newest transaction to the cursor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scan {
    /// Where it began.
    pub head: Place,
    /// What stands in front of the last one that it has seen.
    pub before: String,
    /// The last one that it has seen.
    pub last: String,
}

impl ChainAccount {
    /// The number of the key that signs for it.
    ///
    /// # Errors
    /// When the row holds none.
    pub fn key_index(&self) -> Result<u32> {
        u32::try_from(self.key_index)
            .map_err(|_no_key| Error::corrupt("chain_accounts", &self.account))
    }

    /// Whose deposits it takes; none for the hot wallet.
    pub fn user(&self) -> Option<UserId> {
        self.user_id.map(Into::into)
    }

    /// What it holds.
    ///
    /// # Errors
    /// When the row says no currency.
    pub fn currency(&self) -> Result<Currency> {
        currency(&self.currency, "chain_accounts", &self.account)
    }

    /// How much should lie there, in the minor unit: what came in, as far as it was noted, less what was
    /// gathered. Below zero where more was gathered than was noted.
    pub const fn noted(&self) -> i64 {
        self.to_gather
    }

    /// How far it was seen.
    pub fn progress(&self) -> Progress {
        let head = Place::read(&self.scan_head, self.scan_head_slot);
        let scan = match (head, &self.scan_before, &self.scan_last) {
            (Some(head), Some(before), Some(last)) => Some(Scan {
                head,
                before: before.clone(),
                last: last.clone(),
            }),
            _ => None,
        };
        Progress {
            cursor: Place::read(&self.cursor, self.cursor_slot),
            scan,
        }
    }
}

pub(crate) fn currency(code: &str, table: &'static str, id: impl ToString) -> Result<Currency> {
    code.parse().map_err(|_unknown| Error::corrupt(table, id))
}

/// An account that is new to us.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewAccount {
    /// What holds the coins.
    pub account: String,
    /// The wallet that it belongs to.
    pub address: String,
    /// The number of the key that signs for it.
    pub key_index: u32,
    /// Whose deposits it takes; none for the hot wallet.
    pub user: Option<UserId>,
    /// What it holds.
    pub currency: Currency,
}

/// The number of the first key that nobody has. Two transactions may find the same: one of them ends
/// in `Conflict`.
pub async fn next_key(tx: &Tx) -> Result<u32> {
    #[derive(FromQueryResult)]
    struct Next {
        next: i64,
    }
    let find = statement(
        "SELECT coalesce(max(key_index), 0) + 1 AS next FROM chain_accounts",
        [],
    );
    let next = Next::find_by_statement(find).one(tx.inner()).await?;
    let next = next.map_or(1, |row| row.next);
    u32::try_from(next).map_err(|_no_key| Error::OutOfRange {
        table: "chain_accounts",
        id: "the next one".to_owned(),
        column: "key_index",
        number: i128::from(next),
    })
}

/// Inserts an account. False if its owner has one for the currency.
pub async fn insert_account(tx: &Tx, new: &NewAccount) -> Result<bool> {
    let insert = statement(
        "INSERT INTO chain_accounts (account, address, key_index, user_id, currency)
         VALUES ($1, $2, $3, $4, $5) ON CONFLICT (user_id, currency) DO NOTHING",
        [
            new.account.clone().into(),
            new.address.clone().into(),
            i64::from(new.key_index).into(),
            new.user.map(UserId::uuid).into(),
            new.currency.code().into(),
        ],
    );
    Ok(tx.inner().execute_raw(insert).await?.rows_affected() == 1)
}

/// Finds the account of a currency of a user, or of the hot wallet.
pub async fn find_account(
    from: &impl Read,
    user: Option<UserId>,
    currency: Currency,
) -> Result<Option<ChainAccount>> {
    let find = statement(
        "SELECT * FROM chain_accounts WHERE user_id IS NOT DISTINCT FROM $1 AND currency = $2",
        [user.map(UserId::uuid).into(), currency.code().into()],
    );
    Ok(ChainAccount::find_by_statement(find)
        .one(from.conn())
        .await?)
}

/// Finds which account of ours belongs to this wallet, or is it itself.
pub async fn find_by_address(from: &impl Read, address: &str) -> Result<Option<ChainAccount>> {
    let find = statement(
        "SELECT * FROM chain_accounts WHERE address = $1 OR account = $1 LIMIT 1",
        [address.into()],
    );
    Ok(ChainAccount::find_by_statement(find)
        .one(from.conn())
        .await?)
}

/// Notes, once, on which chain our accounts lie; answers which that is. None without a hot wallet.
pub async fn note_genesis(tx: &Tx, genesis: &str) -> Result<Option<String>> {
    #[derive(FromQueryResult)]
    struct Kept {
        genesis: String,
    }
    let note = statement(
        "UPDATE chain_accounts SET genesis = coalesce(genesis, $1) WHERE user_id IS NULL
         RETURNING genesis",
        [genesis.into()],
    );
    let kept = Kept::find_by_statement(note).one(tx.inner()).await?;
    Ok(kept.map(|kept| kept.genesis))
}

/// Lists accounts by their names.
pub async fn list_accounts(from: &impl Read, page: Page<String>) -> Result<Rows<ChainAccount>> {
    let list = statement(
        "SELECT * FROM chain_accounts WHERE $1::text IS NULL OR account > $1
         ORDER BY account LIMIT $2",
        [page.after.clone().into(), page.fetch().into()],
    );
    let rows = ChainAccount::find_by_statement(list)
        .all(from.conn())
        .await?;
    Ok(Rows::of(&page, rows))
}

/// Lists the accounts that somebody tried to look at longest ago. Due are those whose transactions were
/// not read for so long.
pub async fn list_to_scan(from: &impl Read, limit: u32, page_after: Duration) -> Result<Vec<Turn>> {
    let page_after_ms = i64::try_from(page_after.as_millis()).unwrap_or(i64::MAX);
    let list = statement(
        "SELECT *, coalesce(paged_at < now() - $2 * interval '1 millisecond', true) AS is_due
         FROM chain_accounts ORDER BY tried_at NULLS FIRST, account LIMIT $1",
        [i64::from(limit).into(), page_after_ms.into()],
    );
    Ok(Turn::find_by_statement(list).all(from.conn()).await?)
}

/// When the account was looked at that was looked at longest ago, or noted if nobody has: in seconds.
/// The present moment if there is none.
pub async fn oldest_scan(from: &impl Read) -> Result<u32> {
    #[derive(FromQueryResult)]
    struct Oldest {
        oldest_s: i64,
    }
    let find = statement(
        "SELECT extract(epoch FROM coalesce(least(
             (SELECT min(scanned_at) FROM chain_accounts),
             (SELECT min(created_at) FROM chain_accounts WHERE scanned_at IS NULL)), now()))::bigint
             AS oldest_s",
        [],
    );
    let row = Oldest::find_by_statement(find).one(from.conn()).await?;
    let oldest_s = row.map_or(0, |row| row.oldest_s);
    Ok(u32::try_from(oldest_s).unwrap_or_default())
}

/// A wallet without an account on the chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unreachable {
    /// Whose it is.
    pub user: UserId,
    /// What it holds.
    pub currency: Currency,
}

/// Lists wallets of coins that have no account on the chain, of those that were opened at `since` or
/// later, the oldest first. A wallet is opened at the beginning of its transaction, and seen behind its
/// end.
pub async fn list_unreachable(
    from: &impl Read,
    since: Timestamp,
    limit: u32,
) -> Result<Vec<Unreachable>> {
    #[derive(FromQueryResult)]
    struct Row {
        owner_id: Uuid,
        unit: String,
    }
    let list = statement(
        "SELECT a.owner_id, a.unit FROM ledger_accounts a
         WHERE a.kind = 'user' AND a.unit IN ('SOL', 'USDT')
             AND a.created_at >= timestamptz 'epoch' + $1 * interval '1 millisecond'
             AND NOT EXISTS (
                 SELECT FROM chain_accounts c WHERE c.user_id = a.owner_id AND c.currency = a.unit)
         ORDER BY a.created_at, a.id LIMIT $2",
        [since.ms().into(), i64::from(limit).into()],
    );
    let rows = Row::find_by_statement(list).all(from.conn()).await?;
    let read = |row: Row| {
        Ok(Unreachable {
            user: row.owner_id.into(),
            currency: currency(&row.unit, "ledger_accounts", row.owner_id)?,
        })
    };
    rows.into_iter().map(read).collect()
}

/// Whether the transactions of an account were read down to what was seen before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// They were.
    Whole,
    /// There is more to read.
    Part,
}

/// Notes how far an account was seen. False if somebody else has come farther meanwhile.
pub async fn note_progress(
    tx: &Tx,
    account: &str,
    before: &Progress,
    after: &Progress,
    reach: Reach,
) -> Result<bool> {
    let part =
        |progress: &Progress, of: fn(&Scan) -> &String| progress.scan.as_ref().map(of).cloned();
    let cursor = |progress: &Progress| progress.cursor.as_ref().map(|it| it.signature.clone());
    let update = statement(
        "UPDATE chain_accounts SET cursor = $2, scan_head = $3, scan_before = $4, scan_last = $5,
             scanned_at = clock_timestamp(), tried_at = clock_timestamp(),
             paged_at = CASE WHEN $8 THEN clock_timestamp() ELSE paged_at END,
             cursor_slot = $9, scan_head_slot = $10
         WHERE account = $1 AND cursor IS NOT DISTINCT FROM $6 AND scan_last IS NOT DISTINCT FROM $7",
        [
            account.into(),
            cursor(after).into(),
            part(after, |scan| &scan.head.signature).into(),
            part(after, |scan| &scan.before).into(),
            part(after, |scan| &scan.last).into(),
            cursor(before).into(),
            part(before, |scan| &scan.last).into(),
            (reach == Reach::Whole).into(),
            after.cursor.as_ref().map(|it| it.slot).into(),
            after.scan.as_ref().map(|it| it.head.slot).into(),
        ],
    );
    Ok(tx.inner().execute_raw(update).await?.rows_affected() == 1)
}

/// Notes that accounts hold what they should. One that somebody else looks at now is passed over.
pub async fn note_unchanged(tx: &Tx, accounts: Vec<String>) -> Result<()> {
    let update = statement(
        "UPDATE chain_accounts SET scanned_at = clock_timestamp(), tried_at = clock_timestamp()
         WHERE account IN (SELECT account FROM chain_accounts WHERE account = ANY($1)
             ORDER BY account FOR NO KEY UPDATE SKIP LOCKED)",
        [accounts.into()],
    );
    tx.inner().execute_raw(update).await?;
    Ok(())
}

/// Notes that accounts could not be looked at: others have their turn before them.
pub async fn note_failed_scans(tx: &Tx, accounts: Vec<String>) -> Result<()> {
    let update = statement(
        "UPDATE chain_accounts SET tried_at = clock_timestamp()
         WHERE account IN (SELECT account FROM chain_accounts WHERE account = ANY($1)
             ORDER BY account FOR NO KEY UPDATE)",
        [accounts.into()],
    );
    tx.inner().execute_raw(update).await?;
    Ok(())
}

/// How much has come to an account of ours and waits for more, to be credited with it. The caller
/// has noted its progress, and so holds its row.
pub async fn waiting(tx: &Tx, account: &str) -> Result<i64> {
    #[derive(FromQueryResult)]
    struct Waiting {
        waiting: i64,
    }
    let find = statement(
        "SELECT waiting FROM chain_accounts WHERE account = $1",
        [account.into()],
    );
    let row = Waiting::find_by_statement(find).one(tx.inner()).await?;
    let missing = || Error::corrupt("chain_accounts", account);
    row.map(|row| row.waiting).ok_or_else(missing)
}

/// Notes what has come to an account of ours: how much of all waits, and how much is new.
pub async fn note_arrival(tx: &Tx, account: &str, waiting: i64, new: i64) -> Result<()> {
    let update = statement(
        "UPDATE chain_accounts SET waiting = $2, to_gather = to_gather + $3 WHERE account = $1",
        [account.into(), waiting.into(), new.into()],
    );
    tx.inner().execute_raw(update).await?;
    Ok(())
}

/// Notes that so much has left an account of ours for the hot wallet.
pub async fn note_gathered(tx: &Tx, account: &str, minor: i64) -> Result<()> {
    let update = statement(
        "UPDATE chain_accounts SET to_gather = to_gather - $2 WHERE account = $1",
        [account.into(), minor.into()],
    );
    tx.inner().execute_raw(update).await?;
    Ok(())
}

/// From how much on a player's account is emptied, in minor units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Worth {
    /// Of SOL.
    pub sol: i64,
    /// Of USDT.
    pub usdt: i64,
}

/// Lists players' accounts by their names to which so much has come that they are emptied, and that
/// nobody empties now.
pub async fn list_to_gather(
    from: &impl Read,
    worth: Worth,
    page: Page<String>,
) -> Result<Rows<ChainAccount>> {
    let list = statement(
        "SELECT * FROM chain_accounts a WHERE to_gather > 0 AND user_id IS NOT NULL
             AND to_gather >= CASE currency WHEN 'SOL' THEN $1::bigint ELSE $2 END
             AND ($3::text IS NULL OR account > $3)
             AND NOT EXISTS (SELECT FROM chain_transactions t WHERE t.account = a.account
                 AND t.withdrawal_id IS NULL AND t.status = 'LIVE')
         ORDER BY account LIMIT $4",
        [
            worth.sol.into(),
            worth.usdt.into(),
            page.after.clone().into(),
            page.fetch().into(),
        ],
    );
    let rows = ChainAccount::find_by_statement(list)
        .all(from.conn())
        .await?;
    Ok(Rows::of(&page, rows))
}

/// Something that came in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deposit {
    /// The ledger's transfer.
    pub id: TransferId,
    /// Which account of ours it came to.
    pub account: String,
    /// Who gets it; none for the house.
    pub user: Option<UserId>,
    /// How much.
    pub amount: Money,
    /// What is credited with it, in the minor unit: nothing where it is too little, else it and all
    /// that waited before.
    pub credited: i64,
    /// The transaction.
    pub signature: String,
    /// Its slot.
    pub slot: i64,
}

/// Inserts a deposit. False if it was there.
pub async fn insert_deposit(tx: &Tx, deposit: &Deposit) -> Result<bool> {
    let insert = statement(
        "INSERT INTO deposits (id, account, user_id, currency, amount, credited, signature, slot)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING",
        [
            deposit.id.uuid().into(),
            deposit.account.clone().into(),
            deposit.user.map(UserId::uuid).into(),
            deposit.amount.currency.code().into(),
            deposit.amount.minor.into(),
            deposit.credited.into(),
            deposit.signature.clone().into(),
            deposit.slot.into(),
        ],
    );
    Ok(tx.inner().execute_raw(insert).await?.rows_affected() == 1)
}

/// Whether what a transaction brought to an account of ours is noted as a deposit.
pub async fn is_noted(from: &impl Read, signature: &str, account: &str) -> Result<bool> {
    let count = statement(
        "SELECT count(*) AS count FROM deposits WHERE signature = $1 AND account = $2",
        [signature.into(), account.into()],
    );
    let row = Count::find_by_statement(count).one(from.conn()).await?;
    Ok(row.is_some_and(|row| row.count > 0))
}

/// Lets the accounts of a currency be looked at from their newest transaction down to the first.
pub async fn forget_progress(tx: &Tx, currency: Currency) -> Result<()> {
    let update = statement(
        "UPDATE chain_accounts SET cursor = NULL, cursor_slot = NULL, scan_head = NULL,
             scan_head_slot = NULL, scan_before = NULL, scan_last = NULL, paged_at = NULL
         WHERE currency = $1",
        [currency.code().into()],
    );
    tx.inner().execute_raw(update).await?;
    Ok(())
}

/// A transaction that we signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnTransaction {
    /// What the chain knows it by.
    pub signature: String,
    /// What it pays; none for what only gathers our own.
    pub withdrawal: Option<WithdrawalId>,
    /// Which of our accounts it takes from.
    pub account: String,
    /// How much.
    pub amount: Money,
    /// What is sent.
    pub bytes: Vec<u8>,
    /// The height of the last block that takes it.
    pub last_valid_height: i64,
    /// The slot that the chain had come to when it was signed.
    pub signed_slot: i64,
    /// Whether it opens a token account, whose rent the hot wallet pays.
    pub opens_account: bool,
}

/// How a transaction of ours ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It happened.
    Finalized,
    /// It stands in a block, and moved nothing.
    Failed,
    /// It never happened, and never will.
    Expired,
}

impl Outcome {
    const fn name(self) -> &'static str {
        match self {
            Self::Finalized => "FINALIZED",
            Self::Failed => "FAILED",
            Self::Expired => "EXPIRED",
        }
    }
}

/// Keeps a transaction before anybody sends it. `Conflict` if what it pays, or the account that it
/// empties, has one that may still happen.
pub async fn insert_transaction(tx: &Tx, own: &OwnTransaction) -> Result<()> {
    let insert = statement(
        "INSERT INTO chain_transactions (signature, withdrawal_id, account, currency, amount, bytes,
             last_valid_height, signed_slot, opens_account, status)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 'LIVE')",
        [
            own.signature.clone().into(),
            own.withdrawal.map(WithdrawalId::uuid).into(),
            own.account.clone().into(),
            own.amount.currency.code().into(),
            own.amount.minor.into(),
            own.bytes.clone().into(),
            own.last_valid_height.into(),
            own.signed_slot.into(),
            own.opens_account.into(),
        ],
    );
    tx.inner().execute_raw(insert).await?;
    Ok(())
}

/// Ends a transaction that may still happen. False if it has ended.
pub async fn end_transaction(tx: &Tx, signature: &str, outcome: Outcome) -> Result<bool> {
    let update = statement(
        "UPDATE chain_transactions SET status = $2, ended_at = now()
         WHERE signature = $1 AND status = 'LIVE'",
        [signature.into(), outcome.name().into()],
    );
    Ok(tx.inner().execute_raw(update).await?.rows_affected() == 1)
}

#[derive(FromQueryResult)]
struct TransactionRow {
    signature: String,
    withdrawal_id: Option<Uuid>,
    account: String,
    currency: String,
    amount: i64,
    bytes: Vec<u8>,
    last_valid_height: i64,
    signed_slot: i64,
    opens_account: bool,
}

impl TransactionRow {
    fn read(self) -> Result<OwnTransaction> {
        let currency = currency(&self.currency, "chain_transactions", &self.signature)?;
        Ok(OwnTransaction {
            signature: self.signature,
            withdrawal: self.withdrawal_id.map(Into::into),
            account: self.account,
            amount: Money {
                minor: self.amount,
                currency,
            },
            bytes: self.bytes,
            last_valid_height: self.last_valid_height,
            signed_slot: self.signed_slot,
            opens_account: self.opens_account,
        })
    }
}

/// What may leave the hot wallet by payments that are signed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, FromQueryResult)]
pub struct Promised {
    /// In lamports, without the rent of accounts.
    pub sol: i64,
    /// In the smallest part of USDT.
    pub usdt: i64,
    /// How many of them open an account.
    pub openings: i64,
}

/// Locks the hot wallet, and answers what may have left it since a moment or may still leave it by what
/// is signed. Whoever has asked the chain behind that moment what it holds was told of all others.
pub async fn lock_promised(tx: &Tx, since: Timestamp) -> Result<Promised> {
    let lock = statement(
        "SELECT account FROM chain_accounts WHERE user_id IS NULL ORDER BY account FOR NO KEY UPDATE",
        [],
    );
    tx.inner().execute_raw(lock).await?;
    let sum = statement(
        "SELECT coalesce(sum(amount) FILTER (WHERE currency = 'SOL'), 0)::bigint AS sol,
             coalesce(sum(amount) FILTER (WHERE currency = 'USDT'), 0)::bigint AS usdt,
             count(*) FILTER (WHERE opens_account) AS openings
         FROM chain_transactions WHERE withdrawal_id IS NOT NULL
             AND (ended_at IS NULL OR ended_at >= timestamptz 'epoch' + $1 * interval '1 millisecond')",
        [since.ms().into()],
    );
    let row = Promised::find_by_statement(sum).one(tx.inner()).await?;
    Ok(row.unwrap_or_default())
}

/// Finds the transaction of a withdrawal that may still happen.
pub async fn find_live(
    from: &impl Read,
    withdrawal: WithdrawalId,
) -> Result<Option<OwnTransaction>> {
    let find = statement(
        "SELECT * FROM chain_transactions WHERE withdrawal_id = $1 AND status = 'LIVE'",
        [withdrawal.uuid().into()],
    );
    let found = TransactionRow::find_by_statement(find)
        .one(from.conn())
        .await?;
    found.map(TransactionRow::read).transpose()
}

/// Lists what gathers our own and may still happen, by the accounts that it empties.
pub async fn list_live_sweeps(
    from: &impl Read,
    page: Page<String>,
) -> Result<Rows<OwnTransaction>> {
    let list = statement(
        "SELECT * FROM chain_transactions WHERE withdrawal_id IS NULL AND status = 'LIVE'
             AND ($1::text IS NULL OR account > $1)
         ORDER BY account LIMIT $2",
        [page.after.clone().into(), page.fetch().into()],
    );
    let rows = TransactionRow::find_by_statement(list)
        .all(from.conn())
        .await?;
    let rows: Result<Vec<_>> = rows.into_iter().map(TransactionRow::read).collect();
    Ok(Rows::of(&page, rows?))
}

/// Lists transactions of ours that may still happen, the oldest first.
pub async fn list_live(from: &impl Read, limit: u32) -> Result<Vec<OwnTransaction>> {
    let list = statement(
        "SELECT * FROM chain_transactions WHERE status = 'LIVE' ORDER BY created_at, signature LIMIT $1",
        [i64::from(limit).into()],
    );
    let rows = TransactionRow::find_by_statement(list)
        .all(from.conn())
        .await?;
    rows.into_iter().map(TransactionRow::read).collect()
}

#[derive(FromQueryResult)]
struct Count {
    count: i64,
}

/// How many transactions were ever signed for a withdrawal.
pub async fn count_signed(from: &impl Read, withdrawal: WithdrawalId) -> Result<i64> {
    let count = statement(
        "SELECT count(*) AS count FROM chain_transactions WHERE withdrawal_id = $1",
        [withdrawal.uuid().into()],
    );
    let row = Count::find_by_statement(count).one(from.conn()).await?;
    Ok(row.map_or(0, |row| row.count))
}

/// Whether we signed the transaction.
pub async fn is_own(from: &impl Read, signature: &str) -> Result<bool> {
    let count = statement(
        "SELECT count(*) AS count FROM chain_transactions WHERE signature = $1",
        [signature.into()],
    );
    let row = Count::find_by_statement(count).one(from.conn()).await?;
    Ok(row.is_some_and(|row| row.count > 0))
}

/// The ledger's kinds of what moves on the chain.
pub mod kind {
    /// Came to a player.
    pub const DEPOSIT: &str = "deposit";
    /// Came to the hot wallet.
    pub const HOUSE_DEPOSIT: &str = "house_deposit";
    /// Kept for a player's payment, and paid.
    pub const WITHDRAWAL: &str = "withdrawal";
    /// Kept from a payment, for opening a token account.
    pub const WITHDRAWAL_FEE: &str = "withdrawal_fee";
    /// What was held is free again.
    pub const WITHDRAWAL_REJECTED: &str = "withdrawal_rejected";
    /// What was kept is the player's again.
    pub const WITHDRAWAL_RETURNED: &str = "withdrawal_returned";
    /// What the chain took for a transaction of ours.
    pub const NETWORK_FEE: &str = "network_fee";
}

/// An account of ours, and what should lie in it as the books say at one moment. It is the same
/// as another one only if nothing was booked of it in between.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expected {
    /// The account.
    pub account: ChainAccount,
    /// What should lie in it, in the minor unit: of a player's what came in and was not gathered, as far
    /// as it was seen; of the hot wallet's all that is booked less that of all players.
    pub minor: i64,
    /// How many transfers were ever booked that moved something in or out of it, of the hot wallet
    /// alone: with as many of them it can only have gained, by what was gathered.
    booked: i64,
}

impl FromQueryResult for Expected {
    fn from_query_result(row: &QueryResult, prefix: &str) -> std::result::Result<Self, DbErr> {
        Ok(Self {
            account: ChainAccount::from_query_result(row, prefix)?,
            minor: row.try_get(prefix, "minor")?,
            booked: row.try_get(prefix, "booked")?,
        })
    }
}

/// What should lie in accounts of a currency, each of them by its name, at one moment.
pub async fn list_expected(
    from: &impl Read,
    currency: Currency,
    accounts: &[String],
) -> Result<Vec<Expected>> {
    let outside = Account::outside(Unit::from(currency)).id();
    let house = Account::house(Unit::from(currency)).id();
    // As in `booked`. What players deposit is added to both sides of the hot wallet.
    let list = statement(
        "WITH moved AS MATERIALIZED (
             SELECT count(*) FILTER (WHERE credit_id IN ($2, $4)) AS count,
                 coalesce(sum(CASE WHEN debit_id = $2 THEN amount ELSE -amount END), 0) AS sum
             FROM ledger_transfers
             WHERE unit = $1 AND kind IN ('deposit', 'house_deposit', 'withdrawal', 'network_fee')
                 AND $2 IN (debit_id, credit_id)
         ), elsewhere AS MATERIALIZED (
             SELECT coalesce(sum(waiting), 0) - coalesce(sum(to_gather) FILTER (WHERE user_id IS NOT NULL), 0)
                 AS sum
             FROM chain_accounts WHERE currency = $1 AND (waiting, to_gather) <> (0, 0)
         )
         SELECT a.*,
             CASE WHEN user_id IS NULL
                 THEN (SELECT sum FROM moved) + (SELECT sum FROM elsewhere) ELSE to_gather END::bigint AS minor,
             CASE WHEN user_id IS NULL THEN (SELECT count FROM moved) ELSE 0 END::bigint AS booked
         FROM chain_accounts a WHERE currency = $1 AND account = ANY ($3) ORDER BY account",
        [
            currency.code().into(),
            outside.uuid().into(),
            accounts.to_vec().into(),
            house.uuid().into(),
        ],
    );
    Ok(Expected::find_by_statement(list).all(from.conn()).await?)
}

/// How much of a currency should lie on the chain: what the ledger says came in there less what it
/// says went out, and what has come and waits to be credited.
pub async fn booked(from: &impl Read, currency: Currency) -> Result<i64> {
    #[derive(FromQueryResult)]
    struct Booked {
        booked: i64,
    }
    let outside = Account::outside(Unit::from(currency)).id();
    // The kinds stand here as the index has them, or it would serve nobody.
    let sum = statement(
        "SELECT (coalesce(sum(CASE WHEN debit_id = $2 THEN amount ELSE -amount END), 0)
             + (SELECT coalesce(sum(waiting), 0) FROM chain_accounts
                WHERE currency = $1 AND waiting > 0))::bigint AS booked
         FROM ledger_transfers
         WHERE unit = $1 AND kind IN ('deposit', 'house_deposit', 'withdrawal', 'network_fee')
             AND $2 IN (debit_id, credit_id)",
        [currency.code().into(), outside.uuid().into()],
    );
    let row = Booked::find_by_statement(sum).one(from.conn()).await?;
    Ok(row.map_or(0, |row| row.booked))
}
