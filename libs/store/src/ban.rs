//! Who is kept out.

use domain::id::UserId;
use sea_orm::{ConnectionTrait, FromQueryResult};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::statement::statement;
use crate::{Read, Result, Tx};

/// A ban to be spoken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NewBan<'b> {
    /// Its id.
    pub id: Uuid,
    /// Who is kept out.
    pub user: UserId,
    /// Who says so.
    pub by: UserId,
    /// Why, as the user is told.
    pub reason: &'b str,
    /// Now.
    pub now: OffsetDateTime,
    /// Until when; never by itself if `None`.
    pub expires_at: Option<OffsetDateTime>,
}

/// What keeps somebody out.
#[derive(Clone, Debug, PartialEq, Eq, FromQueryResult)]
pub struct Ban {
    /// Why.
    pub reason: String,
    /// Since when.
    pub created_at: OffsetDateTime,
    /// Until when; never by itself if `None`.
    pub expires_at: Option<OffsetDateTime>,
}

impl Ban {
    /// Whether it holds at `now`.
    pub fn holds(&self, now: OffsetDateTime) -> bool {
        self.expires_at.is_none_or(|end| end > now)
    }
}

/// Keeps a user out, in the place of any ban before. Answers whether there is such a user.
///
/// Whoever signs in meanwhile waits for this transaction, or this one for theirs: a session's row
/// names its user's, which is locked here.
pub async fn insert(tx: &Tx, new: &NewBan<'_>) -> Result<bool> {
    let lock = statement(
        "SELECT FROM users WHERE id = $1 AND deleted_at IS NULL FOR UPDATE",
        [new.user.uuid().into()],
    );
    if tx.inner().query_one_raw(lock).await?.is_none() {
        return Ok(false);
    }
    lift(tx, new.user, new.by, new.now).await?;
    let insert = statement(
        "INSERT INTO bans (id, user_id, reason, banned_by, created_at, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6)",
        [
            new.id.into(),
            new.user.uuid().into(),
            new.reason.into(),
            new.by.uuid().into(),
            new.now.into(),
            new.expires_at.into(),
        ],
    );
    tx.inner().execute_raw(insert).await?;
    Ok(true)
}

/// Lets a user in again. Answers whether a ban stood.
pub async fn lift(tx: &Tx, user: UserId, by: UserId, now: OffsetDateTime) -> Result<bool> {
    let lift = statement(
        "UPDATE bans SET lifted_by = $2, lifted_at = $3
         WHERE user_id = $1 AND lifted_at IS NULL",
        [user.uuid().into(), by.uuid().into(), now.into()],
    );
    Ok(tx.inner().execute_raw(lift).await?.rows_affected() > 0)
}

/// Finds what keeps a user out at `now`.
pub async fn find(from: &impl Read, user: UserId, now: OffsetDateTime) -> Result<Option<Ban>> {
    let find = statement(
        "SELECT reason, created_at, expires_at FROM bans WHERE user_id = $1 AND lifted_at IS NULL",
        [user.uuid().into()],
    );
    let standing = Ban::find_by_statement(find).one(from.conn()).await?;
    Ok(standing.filter(|ban| ban.holds(now)))
}
