//! Calling a match off.

use async_graphql::{Context, ID, Object, SimpleObject};
use contracts::{Code, Service, commands};
use uuid::Uuid;

use super::caller;
use crate::error::{ApiError, ApiResult};
use crate::graphql::object::GameMatch;
use crate::graphql::payload::{UserError, told};
use crate::graphql::query::parse_id;
use crate::graphql::scope::Scope;

#[derive(Default)]
pub(crate) struct CancelMatch;

/// What came of calling a match off.
#[derive(Debug, SimpleObject)]
pub(crate) struct CancelMatchPayload {
    /// The match afterwards; null if it was refused.
    #[graphql(name = "match")]
    game_match: Option<GameMatch>,
    /// Why it was refused; empty if it was not.
    user_errors: Vec<UserError>,
}

#[Object]
impl CancelMatch {
    /// Calls a match off: every fee comes back, nothing is ranked. Needs cancel:gameMatches.
    async fn cancel_match(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The match's id.")] id: ID,
        #[graphql(desc = "The operation: the same id is the same operation.")] request_id: Option<
            Uuid,
        >,
    ) -> ApiResult<CancelMatchPayload> {
        let (game_match, user_errors) = told(cancel(ctx, &id, request_id).await)?;
        Ok(CancelMatchPayload {
            game_match,
            user_errors,
        })
    }
}

async fn cancel(ctx: &Context<'_>, id: &ID, request_id: Option<Uuid>) -> ApiResult<GameMatch> {
    let battle = parse_id(id).ok_or_else(|| ApiError::of(Code::MatchNotFound))?;
    let caller = caller(ctx, request_id).await?;
    let question = commands::CancelBattle { caller, battle };
    ctx.gateway().command(Service::Matcher, &question).await?;
    GameMatch::of(ctx, battle).await
}
