//! Into a queue.

use async_graphql::{Context, ID, Object};
use contracts::{Code, Service, matchmaking};
use uuid::Uuid;

use super::{caller, id_of};
use crate::commands::ANSWER_WITHIN;
use crate::commands::Known;
use crate::error::{ApiError, ApiResult};
use crate::graphql::query::parse_id;
use crate::graphql::scope::Scope;

#[derive(Default)]
pub(crate) struct JoinGame;

#[Object]
impl JoinGame {
    /// Takes a place in the queue of a game; the entry fee is held. Whoever has one keeps it.
    async fn join_game(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The game's id.")] id: ID,
        #[graphql(desc = "The operation: the same id is the same operation.")] request_id: Option<
            Uuid,
        >,
    ) -> ApiResult<bool> {
        let game = parse_id(&id).ok_or_else(|| ApiError::of(Code::GameNotFound))?;
        let caller = caller(ctx, request_id).await?;
        let wait_ms = i64::try_from(ANSWER_WITHIN.as_millis()).unwrap_or(i64::MAX);
        let question = matchmaking::Add {
            ticket: id_of(&caller, "ticket"),
            game,
            player: caller.user,
            request: caller.request,
            // Later the player has been told that it failed.
            expires_at_ms: ctx.gateway().clock.now_ms().saturating_add(wait_ms),
        };
        match ctx.gateway().ask(Service::Matcher, &question).await? {
            Known::Outcome(_) => Ok(true),
            Known::Stored(_) => Err(ApiError::of(Code::ServiceUnavailable)),
        }
    }
}
