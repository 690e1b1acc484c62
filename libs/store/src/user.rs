//! Who plays.

use domain::id::UserId;
use entity::user::{Column, Entity, Model};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter};
use time::OffsetDateTime;

use crate::statement::statement;
use crate::{Read, Result, Tx};

/// An account to be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NewUser<'u> {
    /// The user.
    pub id: UserId,
    /// The mail address, in lower case.
    pub email: &'u str,
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

/// Finds the user with this mail address, in lower case.
pub async fn find_by_email(from: &impl Read, email: &str) -> Result<Option<Model>> {
    Ok(Entity::find()
        .filter(Column::Email.eq(email))
        .filter(Column::DeletedAt.is_null())
        .one(from.conn())
        .await?)
}

/// Inserts a user unless the address has one. `Conflict` if the nickname is taken.
pub async fn insert(tx: &Tx, new: &NewUser<'_>) -> Result<bool> {
    let insert = statement(
        "INSERT INTO users (id, email, nick_name, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $4) ON CONFLICT (email) DO NOTHING",
        [
            new.id.uuid().into(),
            new.email.into(),
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

/// Takes away what is personal and closes the account; what it took part in stays. Answers whether
/// there was such a user.
pub async fn delete(tx: &Tx, user: UserId, now: OffsetDateTime) -> Result<bool> {
    let delete = statement(
        "UPDATE users SET email = 'deleted/' || id, nick_name = 'deleted/' || id, avatar = NULL,
            deleted_at = $2, updated_at = $2
         WHERE id = $1 AND deleted_at IS NULL",
        [user.uuid().into(), now.into()],
    );
    Ok(tx.inner().execute_raw(delete).await?.rows_affected() > 0)
}
