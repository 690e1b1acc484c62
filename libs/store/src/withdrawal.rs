//! Money on its way out, from the request to its end.

use std::time::Duration;

use domain::id::{UserId, WithdrawalId};
use domain::money::{Currency, Money};
use domain::timestamp::Timestamp;
use sea_orm::{ConnectionTrait, FromQueryResult};
use uuid::Uuid;

use crate::chain::currency;
use crate::statement::statement;
use crate::{Error, Read, Result, Tx};

/// How far a withdrawal has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// Waits for somebody to approve it; its money is held.
    InReview,
    /// May be signed; its money is held.
    Approved,
    /// Something was signed for it; its money is kept apart.
    Sending,
    /// It is paid, for good.
    Completed,
    /// Not approved, and its money is free.
    Rejected,
    /// It could not be paid, and its money is free.
    Failed,
}

impl Status {
    const ALL: [Self; 6] = [
        Self::InReview,
        Self::Approved,
        Self::Sending,
        Self::Completed,
        Self::Rejected,
        Self::Failed,
    ];

    /// As the table has it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::InReview => "IN_REVIEW",
            Self::Approved => "APPROVED",
            Self::Sending => "SENDING",
            Self::Completed => "COMPLETED",
            Self::Rejected => "REJECTED",
            Self::Failed => "FAILED",
        }
    }

    /// The status of this name.
    pub fn find(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.name() == name)
    }
}

/// Money on its way out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Withdrawal {
    /// Its id.
    pub id: WithdrawalId,
    /// Whose it is.
    pub user: UserId,
    /// How much.
    pub amount: Money,
    /// The wallet that gets it.
    pub address: String,
    /// How far it has come.
    pub status: Status,
    /// Until when something can be signed for it.
    pub expires_at: Timestamp,
}

#[derive(FromQueryResult)]
struct Row {
    id: Uuid,
    user_id: Uuid,
    currency: String,
    amount: i64,
    address: String,
    status: String,
    expires_at_ms: i64,
}

impl Row {
    fn read(self) -> Result<Withdrawal> {
        let corrupt = || Error::corrupt("withdrawals", self.id);
        let status = Status::find(&self.status).ok_or_else(corrupt)?;
        Ok(Withdrawal {
            id: self.id.into(),
            user: self.user_id.into(),
            amount: Money {
                minor: self.amount,
                currency: currency(&self.currency, "withdrawals", self.id)?,
            },
            address: self.address,
            status,
            expires_at: Timestamp::from_ms(self.expires_at_ms),
        })
    }
}

/// Takes the right to judge a user's withdrawals by what there are, for as long as this transaction
/// lives.
pub async fn lock_user(tx: &Tx, user: UserId) -> Result<()> {
    let lock = statement(
        "SELECT pg_advisory_xact_lock(hashtextextended('withdrawal/' || $1::text, 0))",
        [user.uuid().into()],
    );
    tx.inner().execute_raw(lock).await?;
    Ok(())
}

/// What a user has withdrawn, or is about to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromQueryResult)]
pub struct Recent {
    /// How often it was asked for, whatever came of it: what fails costs us too.
    pub count: i64,
    /// How much of the currency the user got, or may still get.
    pub amount: i64,
}

/// What a user has asked for of a currency since `hours` ago.
pub async fn recent(
    from: &impl Read,
    user: UserId,
    currency: Currency,
    hours: i32,
) -> Result<Recent> {
    let sum = statement(
        "SELECT count(*) AS count,
             coalesce(sum(amount) FILTER (WHERE status NOT IN ('REJECTED', 'FAILED')), 0)::bigint AS amount
         FROM withdrawals WHERE user_id = $1 AND currency = $2
             AND created_at > now() - make_interval(hours => $3)",
        [user.uuid().into(), currency.code().into(), hours.into()],
    );
    let row = Recent::find_by_statement(sum).one(from.conn()).await?;
    Ok(row.unwrap_or(Recent {
        count: 0,
        amount: 0,
    }))
}

/// The present moment on the database's clock, by which holds expire.
pub async fn now(from: &impl Read) -> Result<Timestamp> {
    #[derive(FromQueryResult)]
    struct Now {
        now_ms: i64,
    }
    let ask = statement("SELECT floor(ledger_ms(now()))::bigint AS now_ms", []);
    let row = Now::find_by_statement(ask).one(from.conn()).await?;
    row.map(|row| Timestamp::from_ms(row.now_ms))
        .ok_or_else(|| Error::corrupt("the clock", "now"))
}

/// Inserts a withdrawal.
pub async fn insert(tx: &Tx, new: &Withdrawal) -> Result<()> {
    let insert = statement(
        "INSERT INTO withdrawals (id, user_id, currency, amount, address, status, expires_at_ms)
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
        [
            new.id.uuid().into(),
            new.user.uuid().into(),
            new.amount.currency.code().into(),
            new.amount.minor.into(),
            new.address.clone().into(),
            new.status.name().into(),
            new.expires_at.ms().into(),
        ],
    );
    tx.inner().execute_raw(insert).await?;
    Ok(())
}

/// Finds a withdrawal.
pub async fn find(from: &impl Read, id: WithdrawalId) -> Result<Option<Withdrawal>> {
    let find = statement(
        "SELECT * FROM withdrawals WHERE id = $1",
        [id.uuid().into()],
    );
    let found = Row::find_by_statement(find).one(from.conn()).await?;
    found.map(Row::read).transpose()
}

/// Locks a withdrawal.
pub async fn lock(tx: &Tx, id: WithdrawalId) -> Result<Option<Withdrawal>> {
    let lock = statement(
        "SELECT * FROM withdrawals WHERE id = $1 FOR UPDATE",
        [id.uuid().into()],
    );
    let found = Row::find_by_statement(lock).one(tx.inner()).await?;
    found.map(Row::read).transpose()
}

/// What becomes of a withdrawal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change<'a> {
    /// Somebody approves it.
    Approve {
        /// Who.
        reviewer: UserId,
    },
    /// Somebody, or the end of its time, rejects it.
    Reject {
        /// Who; none if nobody did in time.
        reviewer: Option<UserId>,
        /// Why, as the player is told.
        reason: &'a str,
    },
    /// Something is signed for it.
    Send,
    /// It is paid.
    Complete {
        /// By which transaction.
        signature: &'a str,
    },
    /// It cannot be paid.
    Fail {
        /// Why, as the player is told.
        reason: &'a str,
    },
}

/// Changes a withdrawal that the caller has locked.
pub async fn change(tx: &Tx, id: WithdrawalId, change: Change<'_>) -> Result<()> {
    let (status, reviewer, reason, signature) = match change {
        Change::Approve { reviewer } => (Status::Approved, Some(reviewer), None, None),
        Change::Reject { reviewer, reason } => (Status::Rejected, reviewer, Some(reason), None),
        Change::Send => (Status::Sending, None, None, None),
        Change::Complete { signature } => (Status::Completed, None, None, Some(signature)),
        Change::Fail { reason } => (Status::Failed, None, Some(reason), None),
    };
    let update = statement(
        "UPDATE withdrawals SET status = $2, reviewer_id = coalesce($3, reviewer_id), reason = $4,
             signature = $5, updated_at = now(),
             -- Nothing is kept of what was not paid.
             fee = CASE WHEN $2 = 'FAILED' THEN 0 ELSE fee END,
             -- A workflow that knows the decision sees the rest itself.
             told_status = CASE WHEN told_status IN ('APPROVED', 'SENDING') THEN $2 ELSE told_status END
         WHERE id = $1",
        [
            id.uuid().into(),
            status.name().into(),
            reviewer.map(UserId::uuid).into(),
            reason.map(str::to_owned).into(),
            signature.map(str::to_owned).into(),
        ],
    );
    tx.inner().execute_raw(update).await?;
    Ok(())
}

/// Notes what of a withdrawal that the caller has locked is kept for opening a token account.
pub async fn note_fee(tx: &Tx, id: WithdrawalId, fee: i64) -> Result<()> {
    let update = statement(
        "UPDATE withdrawals SET fee = $2 WHERE id = $1",
        [id.uuid().into(), fee.into()],
    );
    tx.inner().execute_raw(update).await?;
    Ok(())
}

/// Lists withdrawals whose workflow has not been told how far they have come.
pub async fn list_untold(from: &impl Read, limit: u32) -> Result<Vec<Withdrawal>> {
    let list = statement(
        "SELECT * FROM withdrawals WHERE told_status IS DISTINCT FROM status ORDER BY id LIMIT $1",
        [i64::from(limit).into()],
    );
    let rows = Row::find_by_statement(list).all(from.conn()).await?;
    rows.into_iter().map(Row::read).collect()
}

/// Lists withdrawals that are to be paid and that nothing has happened to for so long: first those that
/// nobody has tried to take further, then those that somebody tried longest ago.
pub async fn list_idle(from: &impl Read, idle: Duration, limit: u32) -> Result<Vec<WithdrawalId>> {
    #[derive(FromQueryResult)]
    struct Idle {
        id: Uuid,
    }
    let idle_ms = i64::try_from(idle.as_millis()).unwrap_or(i64::MAX);
    let list = statement(
        "SELECT id FROM withdrawals WHERE status IN ('APPROVED', 'SENDING')
             AND updated_at <= now() - $1 * interval '1 millisecond'
         ORDER BY tried_at NULLS FIRST, updated_at, id LIMIT $2",
        [idle_ms.into(), i64::from(limit).into()],
    );
    let rows = Idle::find_by_statement(list).all(from.conn()).await?;
    Ok(rows.into_iter().map(|row| row.id.into()).collect())
}

/// Notes that somebody tries to take a withdrawal further: others have their turn before it.
pub async fn note_tried(tx: &Tx, id: WithdrawalId) -> Result<()> {
    let update = statement(
        "UPDATE withdrawals SET tried_at = clock_timestamp() WHERE id = $1",
        [id.uuid().into()],
    );
    tx.inner().execute_raw(update).await?;
    Ok(())
}

/// For how many seconds the oldest withdrawal that is to be paid has waited; 0 if there is none.
pub async fn oldest_open_s(from: &impl Read) -> Result<u32> {
    #[derive(FromQueryResult)]
    struct Oldest {
        oldest_s: i64,
    }
    let find = statement(
        "SELECT coalesce(extract(epoch FROM now() - min(updated_at)), 0)::bigint AS oldest_s
         FROM withdrawals WHERE status IN ('APPROVED', 'SENDING')",
        [],
    );
    let row = Oldest::find_by_statement(find).one(from.conn()).await?;
    Ok(row.map_or(0, |row| u32::try_from(row.oldest_s).unwrap_or_default()))
}

/// Notes that the workflow was told of this status.
pub async fn note_told(tx: &Tx, id: WithdrawalId, status: Status) -> Result<()> {
    let update = statement(
        "UPDATE withdrawals SET told_status = $2 WHERE id = $1",
        [id.uuid().into(), status.name().into()],
    );
    tx.inner().execute_raw(update).await?;
    Ok(())
}

/// Lists withdrawals that wait for somebody's approval and whose time is over.
pub async fn list_overdue(from: &impl Read, limit: u32) -> Result<Vec<Withdrawal>> {
    let list = statement(
        "SELECT * FROM withdrawals WHERE status = 'IN_REVIEW' AND expires_at_ms <= ledger_ms(now())
         ORDER BY expires_at_ms, id LIMIT $1",
        [i64::from(limit).into()],
    );
    let rows = Row::find_by_statement(list).all(from.conn()).await?;
    rows.into_iter().map(Row::read).collect()
}
