//! What can be earned, and what was.

use async_graphql::{Context, ID, InputObject, Object};
use domain::id::AchievementDefinitionId;
use store::entity::{achievement_definition, achievement_grant};
use store::gateway::{List, achievements};

use super::{filter_id, parse_id};
use crate::error::ApiResult;
use crate::graphql::object::{Achievement, AchievementDefinition};
use crate::graphql::page::list;
use crate::graphql::scope::Scope;

#[derive(Default)]
pub(crate) struct AchievementDefinitionQuery;

#[Object]
impl AchievementDefinitionQuery {
    /// Something that can be earned; null if there is none.
    async fn achievement_definition(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The definition's id.")] id: ID,
    ) -> ApiResult<Option<AchievementDefinition>> {
        let Some(definition) = parse_id(&id) else {
            return Ok(None);
        };
        let found = ctx
            .loaders()
            .load_one::<AchievementDefinitionId>(definition)
            .await?;
        Ok(found.map(AchievementDefinition::from))
    }
}

list! {
    /// Everything that can be earned.
    AchievementDefinitionsQuery: achievement_definitions -> AchievementDefinition, definitions
}

async fn definitions(_: &Context<'_>) -> ApiResult<List<achievement_definition::Model>> {
    Ok(achievements::definitions())
}

/// Whose achievements.
#[derive(Debug, Default, InputObject)]
pub(crate) struct AchievementFilter {
    /// This user's; one's own if it is left out.
    #[graphql(name = "userID")]
    user_id: Option<ID>,
}

list! {
    /// What somebody earned. Achievements are public.
    AchievementsQuery: achievements(AchievementFilter) -> Achievement, read
}

async fn read(
    ctx: &Context<'_>,
    filter: AchievementFilter,
) -> ApiResult<List<achievement_grant::Model>> {
    let own = ctx.visitor().signed_in().await?.user;
    Ok(achievements::list(
        filter_id("userID", filter.user_id.as_ref())?.unwrap_or(own),
    ))
}
