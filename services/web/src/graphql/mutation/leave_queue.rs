//! Out of a queue.

use async_graphql::{Context, ID, Object, SimpleObject};
use contracts::{Code, Service, matchmaking};
use uuid::Uuid;

use super::caller;
use crate::error::{ApiError, ApiResult};
use crate::graphql::payload::{UserError, told};
use crate::graphql::query::parse_id;
use crate::graphql::scope::Scope;

#[derive(Default)]
pub(crate) struct LeaveQueue;

/// What came of leaving.
#[derive(Debug, SimpleObject)]
pub(crate) struct LeaveQueuePayload {
    /// Whether the place was given up and its fee released.
    left: bool,
    /// Why it was refused; empty if it was not.
    user_errors: Vec<UserError>,
}

#[Object]
impl LeaveQueue {
    /// Gives up one's place in the queue of a game; the entry fee is released.
    async fn leave_queue(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The game's id.")] game_id: ID,
        #[graphql(desc = "The operation: the same id is the same operation.")] request_id: Option<
            Uuid,
        >,
    ) -> ApiResult<LeaveQueuePayload> {
        let (left, user_errors) = told(leave(ctx, &game_id, request_id).await)?;
        Ok(LeaveQueuePayload {
            left: left.is_some(),
            user_errors,
        })
    }
}

async fn leave(ctx: &Context<'_>, game: &ID, request_id: Option<Uuid>) -> ApiResult<()> {
    let game = parse_id(game).ok_or_else(|| ApiError::of(Code::GameNotFound))?;
    let caller = caller(ctx, request_id).await?;
    let question = matchmaking::Leave {
        game,
        player: caller.user,
        request: caller.request,
    };
    ctx.gateway().command(Service::Matcher, &question).await?;
    Ok(())
}
