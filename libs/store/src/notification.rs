//! What users were told.

use domain::id::NotificationId;
use entity::notification::{Entity, Model};
use sea_orm::EntityTrait;

use crate::{Read, Result};

/// Finds an inbox message.
pub async fn find(from: &impl Read, notification: NotificationId) -> Result<Option<Model>> {
    Ok(Entity::find_by_id(notification.uuid())
        .one(from.conn())
        .await?)
}
