//! Making and changing what can be earned.

use async_graphql::{Context, ID, InputObject, Object};
use contracts::{Code, Service, commands};
use domain::achievement::Terms;
use domain::id::AchievementDefinitionId;
use uuid::Uuid;

use super::{caller, id_of};
use crate::error::{ApiError, ApiResult};
use crate::graphql::object::AchievementDefinition;
use crate::graphql::query::parse_id;
use crate::graphql::scope::Scope;

#[derive(Default)]
pub(crate) struct AchievementDefinitions;

/// Something to be earned.
#[derive(Debug, InputObject)]
pub(crate) struct CreateAchievementDefinitionInput {
    /// What it is called.
    title: String,
    /// What one has to do.
    #[graphql(default)]
    description: String,
    /// The metric that counts, such as battles_won.
    metric: String,
    /// How much of the metric is needed, at least 1.
    threshold: i64,
    /// The experience that it gives, in points.
    #[graphql(default)]
    experience: i64,
    /// Whether it can be earned at once.
    #[graphql(default = true)]
    is_active: bool,
}

/// What changes. What is left out stays, and so does what was earned.
#[derive(Debug, InputObject)]
pub(crate) struct UpdateAchievementDefinitionInput {
    /// What it is called.
    title: Option<String>,
    /// What one has to do.
    description: Option<String>,
    /// The metric that counts, such as battles_won.
    metric: Option<String>,
    /// How much of the metric is needed, at least 1.
    threshold: Option<i64>,
    /// The experience that it gives, in points.
    experience: Option<i64>,
    /// Whether it can be earned.
    is_active: Option<bool>,
}

#[Object]
impl AchievementDefinitions {
    /// Makes something to be earned. Needs create:achievementDefinitions.
    async fn create_achievement_definition(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What is to be earned.")]
        create_achievement_definition_input: CreateAchievementDefinitionInput,
        #[graphql(desc = "The operation: the same id is the same operation.")] request_id: Option<
            Uuid,
        >,
    ) -> ApiResult<AchievementDefinition> {
        let caller = caller(ctx, request_id).await?;
        let input = create_achievement_definition_input;
        let question = commands::CreateAchievementDefinition {
            caller,
            definition: id_of(&caller, "achievement definition"),
            terms: Terms {
                title: input.title,
                description: input.description,
                metric: input.metric,
                threshold: input.threshold,
                experience: input.experience,
                is_active: input.is_active,
            },
        };
        let definition = ctx
            .gateway()
            .command(Service::Achievement, &question)
            .await?;
        Ok(find(ctx, definition).await?.into())
    }

    /// Changes what can be earned; what was earned stays. Needs update:achievementDefinitions.
    async fn update_achievement_definition(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The definition's id.")] id: ID,
        #[graphql(desc = "What changes.")]
        update_achievement_definition_input: UpdateAchievementDefinitionInput,
        #[graphql(desc = "The operation: the same id is the same operation.")] request_id: Option<
            Uuid,
        >,
    ) -> ApiResult<AchievementDefinition> {
        let caller = caller(ctx, request_id).await?;
        let definition = parse(&id)?;
        let input = update_achievement_definition_input;
        let row = find(ctx, definition).await?;
        let terms = Terms {
            title: input.title.unwrap_or(row.title),
            description: input.description.unwrap_or(row.description),
            metric: input.metric.unwrap_or(row.metric),
            threshold: input.threshold.unwrap_or(row.threshold),
            experience: input.experience.unwrap_or(row.experience),
            is_active: input.is_active.unwrap_or(row.is_active),
        };
        let question = commands::UpdateAchievementDefinition {
            caller,
            definition,
            terms,
        };
        ctx.gateway()
            .command(Service::Achievement, &question)
            .await?;
        Ok(find(ctx, definition).await?.into())
    }

    /// Retires something that could be earned; what was earned stays. Needs
    /// delete:achievementDefinitions.
    async fn delete_achievement_definition(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The definition's id.")] id: ID,
        #[graphql(desc = "The operation: the same id is the same operation.")] request_id: Option<
            Uuid,
        >,
    ) -> ApiResult<bool> {
        let caller = caller(ctx, request_id).await?;
        let definition = parse(&id)?;
        let question = commands::DeleteAchievementDefinition { caller, definition };
        ctx.gateway()
            .command(Service::Achievement, &question)
            .await?;
        Ok(true)
    }
}

fn parse(id: &ID) -> ApiResult<AchievementDefinitionId> {
    parse_id(id).ok_or_else(|| ApiError::of(Code::DefinitionNotFound))
}

async fn find(
    ctx: &Context<'_>,
    definition: AchievementDefinitionId,
) -> ApiResult<store::entity::achievement_definition::Model> {
    let found = ctx.loaders().load_one(definition).await?;
    found.ok_or_else(|| ApiError::of(Code::DefinitionNotFound))
}
