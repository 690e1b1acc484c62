//! Into a queue.

use async_graphql::{Context, ID, Object};
use contracts::{Code, Service, matchmaking};
use uuid::Uuid;

use super::{caller, id_of, lapses_at_ms};
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
        let question = matchmaking::Add {
            ticket: id_of(&caller, "ticket"),
            game,
            player: caller.user,
            request: caller.request,
            expires_at_ms: lapses_at_ms(ctx),
        };
        ctx.gateway().command(Service::Matcher, &question).await?;
        Ok(true)
    }
}
