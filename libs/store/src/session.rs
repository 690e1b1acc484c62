//! Signed-in devices, their refresh tokens and the people who work here.

use domain::id::{SessionId, UserId};
use entity::session::{Column, Entity, Model};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, FromQueryResult, QueryFilter};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::statement::statement;
use crate::{Read, Result, Tx};

/// SHA-256 of a refresh token, all that is kept of it.
pub type TokenHash = [u8; 32];

/// A device that signs in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NewSession<'s> {
    /// The session.
    pub id: SessionId,
    /// Who signs in.
    pub user: UserId,
    /// What the device calls itself.
    pub user_agent: &'s str,
    /// Now.
    pub now: OffsetDateTime,
    /// When it has to sign in again unless it refreshes.
    pub expires_at: OffsetDateTime,
}

/// Who is behind a session.
#[derive(Clone, Debug, PartialEq, Eq, FromQueryResult)]
pub struct Live {
    /// The user.
    pub user_id: Uuid,
    /// The roles, by name, separated by commas; empty for players.
    pub roles: String,
}

/// What became of a refresh token that was presented.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rotation {
    /// It was good, and the new one takes its place.
    Rotated {
        /// The session.
        session: SessionId,
        /// Whose session.
        user: UserId,
    },
    /// It was used before: somebody has a copy, and the whole session is revoked.
    Reused {
        /// The session.
        session: SessionId,
    },
    /// We do not know it, or its session has ended.
    Unknown,
}

/// Inserts a session and its first refresh token.
pub async fn insert(tx: &Tx, new: &NewSession<'_>, token: &TokenHash) -> Result<()> {
    let insert = statement(
        "INSERT INTO sessions (id, user_id, user_agent, created_at, last_used_at, expires_at)
         VALUES ($1, $2, $3, $4, $4, $5)",
        [
            new.id.uuid().into(),
            new.user.uuid().into(),
            new.user_agent.into(),
            new.now.into(),
            new.expires_at.into(),
        ],
    );
    tx.inner().execute_raw(insert).await?;
    insert_token(tx, new.id, token, new.now).await
}

/// Exchanges a refresh token for the next one. Commit whatever the answer is.
pub async fn rotate(
    tx: &Tx,
    token: &TokenHash,
    next: &TokenHash,
    now: OffsetDateTime,
    expires_at: OffsetDateTime,
) -> Result<Rotation> {
    let Some(found) = lock_token(tx, token, now).await? else {
        return Ok(Rotation::Unknown);
    };
    let session = SessionId::new(found.session_id);
    if found.used_at.is_some() {
        revoke(tx, UserId::new(found.user_id), session, now).await?;
        return Ok(Rotation::Reused { session });
    }
    let mark = statement(
        "UPDATE refresh_tokens SET used_at = $2 WHERE hash = $1",
        [token.to_vec().into(), now.into()],
    );
    tx.inner().execute_raw(mark).await?;
    let touch = statement(
        "UPDATE sessions SET last_used_at = $2, expires_at = $3 WHERE id = $1",
        [session.uuid().into(), now.into(), expires_at.into()],
    );
    tx.inner().execute_raw(touch).await?;
    insert_token(tx, session, next, now).await?;
    Ok(Rotation::Rotated {
        session,
        user: UserId::new(found.user_id),
    })
}

#[derive(FromQueryResult)]
struct Token {
    session_id: Uuid,
    user_id: Uuid,
    used_at: Option<OffsetDateTime>,
}

/// The token, if its session is alive; nobody else can use it before this transaction ends.
async fn lock_token(tx: &Tx, token: &TokenHash, now: OffsetDateTime) -> Result<Option<Token>> {
    let lock = statement(
        "SELECT t.session_id, s.user_id, t.used_at
         FROM refresh_tokens t JOIN sessions s ON s.id = t.session_id
         WHERE t.hash = $1 AND s.revoked_at IS NULL AND s.expires_at > $2
         FOR UPDATE",
        [token.to_vec().into(), now.into()],
    );
    Ok(Token::find_by_statement(lock).one(tx.inner()).await?)
}

async fn insert_token(
    tx: &Tx,
    session: SessionId,
    token: &TokenHash,
    now: OffsetDateTime,
) -> Result<()> {
    let insert = statement(
        "INSERT INTO refresh_tokens (hash, session_id, issued_at) VALUES ($1, $2, $3)",
        [token.to_vec().into(), session.uuid().into(), now.into()],
    );
    tx.inner().execute_raw(insert).await?;
    Ok(())
}

/// Finds who is behind a session, unless it was revoked or its user is gone. How long an access
/// token lives is the token's own affair.
pub async fn find_live(from: &impl Read, session: SessionId) -> Result<Option<Live>> {
    let find = statement(
        "SELECT s.user_id, coalesce((SELECT string_agg(role, ',' ORDER BY role)
            FROM staff_roles WHERE user_id = s.user_id), '') AS roles
         FROM sessions s JOIN users u ON u.id = s.user_id
         WHERE s.id = $1 AND s.revoked_at IS NULL AND u.deleted_at IS NULL",
        [session.uuid().into()],
    );
    Ok(Live::find_by_statement(find).one(from.conn()).await?)
}

/// When the device signed in.
pub async fn find_created_at(
    from: &impl Read,
    session: SessionId,
) -> Result<Option<OffsetDateTime>> {
    let found = Entity::find_by_id(session.uuid()).one(from.conn()).await?;
    Ok(found.map(|found| found.created_at))
}

#[derive(FromQueryResult)]
struct LiveSession {
    id: Uuid,
    #[sea_orm(nested)]
    live: Live,
}

/// Those of these sessions that were not revoked and whose users are still there, with who is behind
/// each.
pub async fn list_live(from: &impl Read, sessions: &[SessionId]) -> Result<Vec<(SessionId, Live)>> {
    let sessions: Vec<Uuid> = sessions.iter().map(|session| session.uuid()).collect();
    let list = statement(
        "SELECT s.id, s.user_id, coalesce((SELECT string_agg(role, ',' ORDER BY role)
            FROM staff_roles WHERE user_id = s.user_id), '') AS roles
         FROM sessions s JOIN users u ON u.id = s.user_id
         WHERE s.id = ANY ($1) AND s.revoked_at IS NULL AND u.deleted_at IS NULL",
        [sessions.into()],
    );
    let found = LiveSession::find_by_statement(list)
        .all(from.conn())
        .await?;
    Ok(found
        .into_iter()
        .map(|LiveSession { id, live }| (id.into(), live))
        .collect())
}

/// Finds those of these sessions that are this user's.
pub async fn find(from: &impl Read, user: UserId, sessions: &[SessionId]) -> Result<Vec<Model>> {
    let ids = sessions.iter().map(|session| session.uuid());
    Ok(Entity::find()
        .filter(Column::Id.is_in(ids))
        .filter(Column::UserId.eq(user.uuid()))
        .all(from.conn())
        .await?)
}

/// Revokes a session of this user. Answers whether it was alive.
pub async fn revoke(
    tx: &Tx,
    user: UserId,
    session: SessionId,
    now: OffsetDateTime,
) -> Result<bool> {
    let revoke = statement(
        "UPDATE sessions SET revoked_at = $3
         WHERE id = $2 AND user_id = $1 AND revoked_at IS NULL",
        [user.uuid().into(), session.uuid().into(), now.into()],
    );
    Ok(tx.inner().execute_raw(revoke).await?.rows_affected() > 0)
}

/// Revokes every session of this user. Answers how many were alive.
pub async fn revoke_all(tx: &Tx, user: UserId, now: OffsetDateTime) -> Result<u64> {
    let revoke = statement(
        "UPDATE sessions SET revoked_at = $2 WHERE user_id = $1 AND revoked_at IS NULL",
        [user.uuid().into(), now.into()],
    );
    Ok(tx.inner().execute_raw(revoke).await?.rows_affected())
}

/// Revokes every session of this user but one. Answers how many were alive.
pub async fn revoke_others(
    tx: &Tx,
    user: UserId,
    kept: SessionId,
    now: OffsetDateTime,
) -> Result<u64> {
    let revoke = statement(
        "UPDATE sessions SET revoked_at = $3
         WHERE user_id = $1 AND id <> $2 AND revoked_at IS NULL",
        [user.uuid().into(), kept.uuid().into(), now.into()],
    );
    Ok(tx.inner().execute_raw(revoke).await?.rows_affected())
}

/// Forgets up to `limit` refresh tokens that were used before `before`, and as many sessions that
/// ended before it, with their tokens. Answers how many rows went.
pub async fn delete_ended(tx: &Tx, before: OffsetDateTime, limit: u32) -> Result<u64> {
    let mut deleted = 0;
    for sql in [
        "DELETE FROM refresh_tokens WHERE hash IN (
             SELECT hash FROM refresh_tokens WHERE used_at < $1 ORDER BY used_at LIMIT $2)",
        "WITH ended AS (
             SELECT id FROM sessions WHERE least(revoked_at, expires_at) < $1
             ORDER BY least(revoked_at, expires_at) LIMIT $2 FOR UPDATE
         ), tokens AS (
             DELETE FROM refresh_tokens t USING ended WHERE t.session_id = ended.id
         )
         DELETE FROM sessions s USING ended WHERE s.id = ended.id",
    ] {
        let delete = statement(sql, [before.into(), i64::from(limit).into()]);
        deleted += tx.inner().execute_raw(delete).await?.rows_affected();
    }
    Ok(deleted)
}
