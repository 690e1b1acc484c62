//! What players have done, and what it earned them.

use domain::id::AchievementDefinitionId;
use entity::achievement_definition::{Entity, Model};
use sea_orm::EntityTrait;

use crate::{Read, Result};

/// Finds a definition.
pub async fn find(from: &impl Read, definition: AchievementDefinitionId) -> Result<Option<Model>> {
    Ok(Entity::find_by_id(definition.uuid())
        .one(from.conn())
        .await?)
}
