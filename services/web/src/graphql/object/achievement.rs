//! What can be earned, and what was.

use async_graphql::{Context, ID, Object};
use domain::id::AchievementDefinitionId;
use store::entity::{achievement_definition, achievement_grant};

use super::id;
use crate::error::ApiResult;
use crate::graphql::scalar::DateTime;
use crate::graphql::scope::Scope;

/// What can be earned.
#[derive(Clone, Debug)]
pub(crate) struct AchievementDefinition(achievement_definition::Model);

impl From<achievement_definition::Model> for AchievementDefinition {
    fn from(row: achievement_definition::Model) -> Self {
        Self(row)
    }
}

/// What can be earned: so much of a metric.
#[Object]
impl AchievementDefinition {
    /// The definition's id.
    pub(crate) async fn id(&self) -> ID {
        id(self.0.id)
    }

    /// Since when it exists.
    async fn created_at(&self) -> DateTime {
        self.0.created_at.into()
    }

    /// When it was last changed.
    async fn updated_at(&self) -> DateTime {
        self.0.updated_at.into()
    }

    /// What it is called.
    async fn title(&self) -> &str {
        &self.0.title
    }

    /// What one has to do.
    async fn description(&self) -> &str {
        &self.0.description
    }

    /// The metric that counts, such as battles_won.
    async fn metric(&self) -> &str {
        &self.0.metric
    }

    /// How much of the metric is needed.
    async fn threshold(&self) -> i64 {
        self.0.threshold
    }

    /// The experience that it gives, in points.
    async fn experience(&self) -> i64 {
        self.0.experience
    }

    /// Whether it can be earned at present.
    async fn is_active(&self) -> bool {
        self.0.is_active && self.0.deleted_at.is_none()
    }
}

/// Something that a user earned.
#[derive(Clone, Debug)]
pub(crate) struct Achievement(achievement_grant::Model);

impl From<achievement_grant::Model> for Achievement {
    fn from(row: achievement_grant::Model) -> Self {
        Self(row)
    }
}

/// Something that a user earned.
#[Object]
impl Achievement {
    /// The achievement's id.
    pub(crate) async fn id(&self) -> ID {
        id(self.0.id)
    }

    /// When it was earned.
    async fn created_at(&self) -> DateTime {
        self.0.granted_at.into()
    }

    /// Who earned it.
    #[graphql(name = "userID")]
    async fn user_id(&self) -> ID {
        id(self.0.user_id)
    }

    /// What was earned.
    async fn definition(&self, ctx: &Context<'_>) -> ApiResult<AchievementDefinition> {
        let definition = AchievementDefinitionId::new(self.0.definition_id);
        let found = ctx.loaders().load_one(definition).await?;
        let missing = || store::Error::corrupt("achievement_definitions", definition);
        Ok(found.ok_or_else(missing)?.into())
    }
}
