//! What users were told: their inboxes, and what left the house.

use contracts::notifications::{InApp, Notice, NoticeKind};
use domain::id::{NotificationId, UserId};
use entity::delivery::{self, Channel};
use entity::muted_mail;
use entity::notification::{Column, Entity, Model};
use sea_orm::{
    ActiveEnum, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, PaginatorTrait, QueryFilter,
    QueryOrder,
};

use crate::statement::statement;
use crate::{Error, Read, Result, Tx};

/// Finds an inbox message.
pub async fn find(from: &impl Read, notification: NotificationId) -> Result<Option<Model>> {
    Ok(Entity::find_by_id(notification.uuid())
        .one(from.conn())
        .await?)
}

/// Counts the messages that a user has not read.
pub async fn count_unread(from: &impl Read, user: UserId) -> Result<u64> {
    let unread = Entity::find()
        .filter(Column::UserId.eq(user.uuid()))
        .filter(Column::ReadAt.is_null());
    Ok(unread.count(from.conn()).await?)
}

/// Puts a message into its user's inbox. Answers false if it lies there already.
pub async fn insert(tx: &Tx, message: &InApp) -> Result<bool> {
    let notice = serde_json::to_value(&message.notice)
        .map_err(|cause| Error::Refused(DbErr::Json(cause.to_string())))?;
    let insert = statement(
        "INSERT INTO notifications (id, user_id, kind, notice) VALUES ($1, $2, $3, $4)
         ON CONFLICT DO NOTHING",
        [
            message.id.uuid().into(),
            message.user.uuid().into(),
            message.notice.kind().text().into(),
            notice.into(),
        ],
    );
    Ok(tx.inner().execute_raw(insert).await?.rows_affected() == 1)
}

/// What an inbox row is about.
pub fn notice(row: &Model) -> Result<Notice> {
    serde_json::from_value(row.notice.clone())
        .map_err(|_not_a_notice| Error::corrupt("notifications", row.id))
}

/// Marks messages of `user` as read, all of them when none is named. Answers how many were
/// unread before.
pub async fn mark_read(tx: &Tx, user: UserId, which: &[NotificationId]) -> Result<u64> {
    let ids: Vec<_> = which.iter().map(|id| id.uuid()).collect();
    let mark = statement(
        "UPDATE notifications SET read_at = now()
         WHERE user_id = $1 AND read_at IS NULL AND (cardinality($2::uuid[]) = 0 OR id = ANY ($2))",
        [user.uuid().into(), ids.into()],
    );
    Ok(tx.inner().execute_raw(mark).await?.rows_affected())
}

/// The kinds of notices that a user does not want by mail.
pub async fn list_muted(from: &impl Read, user: UserId) -> Result<Vec<NoticeKind>> {
    let rows = muted_mail::Entity::find()
        .filter(muted_mail::Column::UserId.eq(user.uuid()))
        .order_by_asc(muted_mail::Column::Kind)
        .all(from.conn())
        .await?;
    let kind = |row: muted_mail::Model| {
        NoticeKind::find(&row.kind).ok_or_else(|| Error::corrupt("muted_mails", user))
    };
    rows.into_iter().map(kind).collect()
}

/// Mails a user all kinds of notices but these from now on.
pub async fn mute(tx: &Tx, user: UserId, kinds: &[NoticeKind]) -> Result<()> {
    let kinds: Vec<String> = kinds.iter().map(|kind| kind.text().to_owned()).collect();
    for sql in [
        "DELETE FROM muted_mails WHERE user_id = $1 AND kind <> ALL ($2)",
        "INSERT INTO muted_mails (user_id, kind) SELECT $1, unnest($2::text[]) ON CONFLICT DO NOTHING",
    ] {
        let change = statement(sql, [user.uuid().into(), kinds.clone().into()]);
        tx.inner().execute_raw(change).await?;
    }
    Ok(())
}

/// Whether the message `message_id` left the house on `channel`.
pub async fn was_delivered(from: &impl Read, message_id: &str, channel: Channel) -> Result<bool> {
    let key = (message_id.to_owned(), channel);
    Ok(delivery::Entity::find_by_id(key)
        .one(from.conn())
        .await?
        .is_some())
}

/// Notes that the message `message_id` left the house on `channel`.
pub async fn insert_delivery(
    tx: &Tx,
    message_id: &str,
    channel: Channel,
    user: UserId,
    kind: &str,
) -> Result<()> {
    let insert = statement(
        "INSERT INTO deliveries (message_id, channel, user_id, kind) VALUES ($1, $2, $3, $4)
         ON CONFLICT DO NOTHING",
        [
            message_id.into(),
            channel.to_value().into(),
            user.uuid().into(),
            kind.into(),
        ],
    );
    tx.inner().execute_raw(insert).await?;
    Ok(())
}
