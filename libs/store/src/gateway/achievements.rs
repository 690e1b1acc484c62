//! What can be earned, and what was.

use domain::id::{AchievementDefinitionId, AchievementId, UserId};
use entity::{achievement_definition, achievement_grant};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

use super::List;
use crate::{Read, Result};

/// Finds these definitions, deleted ones too, for what was granted stays.
pub async fn find_definitions(
    from: &impl Read,
    definitions: &[AchievementDefinitionId],
) -> Result<Vec<achievement_definition::Model>> {
    let ids = definitions.iter().map(|definition| definition.uuid());
    Ok(achievement_definition::Entity::find()
        .filter(achievement_definition::Column::Id.is_in(ids))
        .all(from.conn())
        .await?)
}

/// The definitions that are not deleted.
pub fn definitions() -> List<achievement_definition::Model> {
    let sql = "
        SELECT d.*, (extract(epoch FROM d.created_at) * 1000000)::bigint AS cursor_number,
            d.id AS cursor_id
        FROM achievement_definitions d WHERE d.deleted_at IS NULL";
    List::new(sql, [])
}

/// Finds these of what anybody earned. Achievements are public.
pub async fn find(
    from: &impl Read,
    achievements: &[AchievementId],
) -> Result<Vec<achievement_grant::Model>> {
    let ids = achievements.iter().map(|achievement| achievement.uuid());
    Ok(achievement_grant::Entity::find()
        .filter(achievement_grant::Column::Id.is_in(ids))
        .all(from.conn())
        .await?)
}

/// What this user earned.
pub fn list(user: UserId) -> List<achievement_grant::Model> {
    let sql = "
        SELECT g.*, (extract(epoch FROM g.granted_at) * 1000000)::bigint AS cursor_number,
            g.id AS cursor_id
        FROM achievement_grants g WHERE g.user_id = $1";
    List::new(sql, [user.uuid().into()])
}
