//! What players have done, and what it earned them.

use domain::achievement::Terms;
use domain::id::{AchievementDefinitionId, AchievementId, UserId};
use entity::achievement_definition::{Column, Entity, Model};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, FromQueryResult, QueryFilter};
use uuid::Uuid;

use crate::statement::statement;
use crate::{Read, Result, Tx};

/// Finds a definition that was not deleted.
pub async fn find(from: &impl Read, definition: AchievementDefinitionId) -> Result<Option<Model>> {
    let found = Entity::find_by_id(definition.uuid()).filter(Column::DeletedAt.is_null());
    Ok(found.one(from.conn()).await?)
}

/// Inserts a definition. Answers false if there is one of this id, deleted or not.
pub async fn insert(tx: &Tx, definition: AchievementDefinitionId, terms: &Terms) -> Result<bool> {
    let insert = statement(
        "INSERT INTO achievement_definitions
             (id, title, description, metric, threshold, experience, is_active)
         VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING",
        [
            definition.uuid().into(),
            terms.title.as_str().into(),
            terms.description.as_str().into(),
            terms.metric.as_str().into(),
            terms.threshold.into(),
            terms.experience.into(),
            terms.is_active.into(),
        ],
    );
    Ok(tx.inner().execute_raw(insert).await?.rows_affected() == 1)
}

/// Replaces the terms of a definition. Answers false if there is none.
pub async fn update(tx: &Tx, definition: AchievementDefinitionId, terms: &Terms) -> Result<bool> {
    let update = statement(
        "UPDATE achievement_definitions SET title = $2, description = $3, metric = $4,
             threshold = $5, experience = $6, is_active = $7, updated_at = now()
         WHERE id = $1 AND deleted_at IS NULL",
        [
            definition.uuid().into(),
            terms.title.as_str().into(),
            terms.description.as_str().into(),
            terms.metric.as_str().into(),
            terms.threshold.into(),
            terms.experience.into(),
            terms.is_active.into(),
        ],
    );
    Ok(tx.inner().execute_raw(update).await?.rows_affected() == 1)
}

/// Deletes a definition; what was granted stays. Answers false if there is none.
pub async fn delete(tx: &Tx, definition: AchievementDefinitionId) -> Result<bool> {
    let delete = statement(
        "UPDATE achievement_definitions SET deleted_at = now(), updated_at = now()
         WHERE id = $1 AND deleted_at IS NULL",
        [definition.uuid().into()],
    );
    Ok(tx.inner().execute_raw(delete).await?.rows_affected() == 1)
}

/// Raises a metric of a user, from 0 if it was never raised.
pub async fn raise(tx: &Tx, user: UserId, metric: &str, by: i64) -> Result<()> {
    let raise = statement(
        "INSERT INTO achievement_metrics AS m (user_id, metric, value) VALUES ($1, $2, $3)
         ON CONFLICT (user_id, metric) DO UPDATE SET value = m.value + $3, updated_at = now()",
        [user.uuid().into(), metric.into(), by.into()],
    );
    tx.inner().execute_raw(raise).await?;
    Ok(())
}

#[derive(FromQueryResult)]
struct Due {
    id: Uuid,
}

/// More definitions of one metric than anybody will write.
const MAX_DUE: u32 = 1_000;

/// Lists the active definitions of `metric` that a user has reached and was not granted, a thousand
/// at the most; the next time that the metric rises finds the others.
pub async fn list_due(
    from: &impl Read,
    user: UserId,
    metric: &str,
) -> Result<Vec<AchievementDefinitionId>> {
    let list = statement(
        "SELECT d.id FROM achievement_definitions d
         JOIN achievement_metrics m ON m.metric = d.metric AND m.user_id = $1
         WHERE d.metric = $2 AND d.deleted_at IS NULL AND d.is_active AND m.value >= d.threshold
             AND NOT EXISTS (SELECT FROM achievement_grants g
                             WHERE g.definition_id = d.id AND g.user_id = $1)
         ORDER BY d.id LIMIT $3",
        [user.uuid().into(), metric.into(), i64::from(MAX_DUE).into()],
    );
    let due = Due::find_by_statement(list).all(from.conn()).await?;
    Ok(due.into_iter().map(|row| row.id.into()).collect())
}

/// Grants a definition to a user. Answers false if the user has it already.
pub async fn insert_grant(
    tx: &Tx,
    grant: AchievementId,
    definition: AchievementDefinitionId,
    user: UserId,
) -> Result<bool> {
    let insert = statement(
        "INSERT INTO achievement_grants (id, definition_id, user_id) VALUES ($1, $2, $3)
         ON CONFLICT DO NOTHING",
        [
            grant.uuid().into(),
            definition.uuid().into(),
            user.uuid().into(),
        ],
    );
    Ok(tx.inner().execute_raw(insert).await?.rows_affected() == 1)
}
