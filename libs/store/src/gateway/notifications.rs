//! A user's inbox.

use domain::id::{NotificationId, UserId};
use entity::notification::{Column, Entity, Model};
use sea_orm::{ColumnTrait, EntityTrait, FromQueryResult, QueryFilter, QueryOrder, QuerySelect};

use super::List;
use crate::statement::statement;
use crate::{Read, Result};

/// Finds those of these messages that are in this user's inbox.
pub async fn find(
    from: &impl Read,
    user: UserId,
    notifications: &[NotificationId],
) -> Result<Vec<Model>> {
    let ids = notifications.iter().map(|notification| notification.uuid());
    Ok(Entity::find()
        .filter(Column::Id.is_in(ids))
        .filter(Column::UserId.eq(user.uuid()))
        .all(from.conn())
        .await?)
}

/// The number of the last message in this user's inbox; 0 if there is none.
pub async fn last_number(from: &impl Read, user: UserId) -> Result<i64> {
    let last = statement(
        "SELECT * FROM notifications WHERE user_id = $1 ORDER BY number DESC LIMIT 1",
        [user.uuid().into()],
    );
    let last = Model::find_by_statement(last).one(from.conn()).await?;
    Ok(last.map_or(0, |last| last.number))
}

/// The messages behind this number in this user's inbox, in the order in which they came; at most
/// `limit`.
pub async fn list_after(
    from: &impl Read,
    user: UserId,
    number: i64,
    limit: u64,
) -> Result<Vec<Model>> {
    Ok(Entity::find()
        .filter(Column::UserId.eq(user.uuid()))
        .filter(Column::Number.gt(number))
        .order_by_asc(Column::Number)
        .limit(limit)
        .all(from.conn())
        .await?)
}

/// The user's inbox, or what of it is unread.
pub fn list(user: UserId, unread_only: Option<bool>) -> List<Model> {
    let sql = "
        SELECT n.*, (extract(epoch FROM n.created_at) * 1000000)::bigint AS cursor_number,
            n.id AS cursor_id
        FROM notifications n
        WHERE n.user_id = $1 AND (NOT coalesce($2::boolean, false) OR n.read_at IS NULL)";
    List::new(sql, [user.uuid().into(), unread_only.into()])
}
