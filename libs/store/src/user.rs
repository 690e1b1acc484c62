//! Who plays.

use domain::id::UserId;
use entity::user::{Column, Entity, Model};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter};
use time::OffsetDateTime;

use crate::statement::statement;
use crate::{Error, Read, Result, Tx};

/// An account to be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NewUser<'u> {
    /// The user.
    pub id: UserId,
    /// The mail address, in lower case.
    pub email: Option<&'u str>,
    /// The wallet on Solana that signs in.
    pub solana_address: Option<&'u str>,
    /// What the user is called at first.
    pub nick_name: &'u str,
    /// Now.
    pub now: OffsetDateTime,
}

/// What a user changes. What is `None` stays.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Profile<'u> {
    /// The new nickname.
    pub nick_name: Option<&'u str>,
    /// The new picture's address; an empty one takes it away.
    pub avatar: Option<&'u str>,
}

/// Finds a user.
pub async fn find(from: &impl Read, user: UserId) -> Result<Option<Model>> {
    Ok(Entity::find_by_id(user.uuid())
        .filter(Column::DeletedAt.is_null())
        .one(from.conn())
        .await?)
}

/// Loads a user who has just been seen.
pub async fn load(from: &impl Read, user: UserId) -> Result<Model> {
    let found = find(from, user).await?;
    found.ok_or_else(|| Error::corrupt("users", user))
}

/// Finds the user with this mail address, in lower case.
pub async fn find_by_email(from: &impl Read, email: &str) -> Result<Option<Model>> {
    Ok(Entity::find()
        .filter(Column::Email.eq(email))
        .filter(Column::DeletedAt.is_null())
        .one(from.conn())
        .await?)
}

/// Finds the user whose wallet on Solana this is.
pub async fn find_by_solana_address(from: &impl Read, address: &str) -> Result<Option<Model>> {
    Ok(Entity::find()
        .filter(Column::SolanaAddress.eq(address))
        .filter(Column::DeletedAt.is_null())
        .one(from.conn())
        .await?)
}

/// Inserts a user unless the mail address has one. `Conflict` if the nickname or the wallet is
/// taken.
pub async fn insert(tx: &Tx, new: &NewUser<'_>) -> Result<bool> {
    let insert = statement(
        "INSERT INTO users (id, email, solana_address, nick_name, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $5) ON CONFLICT (email) DO NOTHING",
        [
            new.id.uuid().into(),
            new.email.into(),
            new.solana_address.into(),
            new.nick_name.into(),
            new.now.into(),
        ],
    );
    Ok(tx.inner().execute_raw(insert).await?.rows_affected() > 0)
}

/// Changes a user's profile. `Conflict` if the nickname is taken. Answers whether there is such a
/// user.
pub async fn update_profile(
    tx: &Tx,
    user: UserId,
    profile: &Profile<'_>,
    now: OffsetDateTime,
) -> Result<bool> {
    let update = statement(
        "UPDATE users SET nick_name = coalesce($2, nick_name),
            avatar = CASE WHEN $3 = '' THEN NULL ELSE coalesce($3, avatar) END, updated_at = $4
         WHERE id = $1 AND deleted_at IS NULL",
        [
            user.uuid().into(),
            profile.nick_name.into(),
            profile.avatar.into(),
            now.into(),
        ],
    );
    Ok(tx.inner().execute_raw(update).await?.rows_affected() > 0)
}

/// Gives a user without a mail address one. `Conflict` if somebody else has it. Answers whether
/// there is such a user.
pub async fn set_email(tx: &Tx, user: UserId, email: &str, now: OffsetDateTime) -> Result<bool> {
    let set = "UPDATE users SET email = $2, updated_at = $3
        WHERE id = $1 AND email IS NULL AND deleted_at IS NULL";
    set_way_in(tx, set, user, email, now).await
}

/// Gives a user without a wallet on Solana one. `Conflict` if somebody else has it. Answers whether
/// there is such a user.
pub async fn set_solana_address(
    tx: &Tx,
    user: UserId,
    address: &str,
    now: OffsetDateTime,
) -> Result<bool> {
    let set = "UPDATE users SET solana_address = $2, updated_at = $3
        WHERE id = $1 AND solana_address IS NULL AND deleted_at IS NULL";
    set_way_in(tx, set, user, address, now).await
}

/// Sets the password of a user with a mail address, as its hash. Answers whether there is such a
/// user.
///
/// Whoever signs in meanwhile waits for this transaction, or this one for theirs: a session's row
/// names its user's, which is locked here.
pub async fn set_password(tx: &Tx, user: UserId, hash: &str, now: OffsetDateTime) -> Result<bool> {
    let lock = statement(
        "SELECT FROM users WHERE id = $1 FOR UPDATE",
        [user.uuid().into()],
    );
    tx.inner().query_one_raw(lock).await?;
    let set = "UPDATE users SET password_hash = $2, updated_at = $3
        WHERE id = $1 AND email IS NOT NULL AND deleted_at IS NULL";
    set_way_in(tx, set, user, hash, now).await
}

async fn set_way_in(
    tx: &Tx,
    set: &str,
    user: UserId,
    value: &str,
    now: OffsetDateTime,
) -> Result<bool> {
    let set = statement(set, [user.uuid().into(), value.into(), now.into()]);
    Ok(tx.inner().execute_raw(set).await?.rows_affected() > 0)
}

/// Takes away what is personal and closes the account; what it took part in stays. Answers whether
/// there was such a user.
pub async fn delete(tx: &Tx, user: UserId, now: OffsetDateTime) -> Result<bool> {
    let delete = statement(
        "UPDATE users SET email = 'deleted/' || id, nick_name = 'deleted/' || id, avatar = NULL,
            solana_address = NULL, password_hash = NULL, deleted_at = $2, updated_at = $2
         WHERE id = $1 AND deleted_at IS NULL",
        [user.uuid().into(), now.into()],
    );
    Ok(tx.inner().execute_raw(delete).await?.rows_affected() > 0)
}
