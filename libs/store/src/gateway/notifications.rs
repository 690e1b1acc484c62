//! A user's inbox.

use domain::id::{NotificationId, UserId};
use entity::notification::{Column, Entity, Model};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

use super::List;
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

/// The user's inbox, or what of it is unread.
pub fn list(user: UserId, unread_only: Option<bool>) -> List<Model> {
    let sql = "
        SELECT n.*, (extract(epoch FROM n.created_at) * 1000000)::bigint AS cursor_number,
            n.id AS cursor_id
        FROM notifications n
        WHERE n.user_id = $1 AND (NOT coalesce($2::boolean, false) OR n.read_at IS NULL)";
    List::new(sql, [user.uuid().into(), unread_only.into()])
}
