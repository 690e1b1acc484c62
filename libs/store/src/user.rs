//! Who plays.

use domain::id::UserId;
use entity::user::{Entity, Model};
use sea_orm::EntityTrait;

use crate::{Read, Result};

/// Finds a user.
pub async fn find(from: &impl Read, user: UserId) -> Result<Option<Model>> {
    Ok(Entity::find_by_id(user.uuid()).one(from.conn()).await?)
}
