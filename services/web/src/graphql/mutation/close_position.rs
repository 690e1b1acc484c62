//! Closing a position.

use async_graphql::{Context, ID, Object, SimpleObject};
use contracts::positions::ClosePosition as Close;
use uuid::Uuid;

use super::cancel_position::{locate, shown};
use super::trader;
use crate::error::ApiResult;
use crate::graphql::object::GameMatchPosition;
use crate::graphql::payload::{UserError, told};
use crate::graphql::scope::Scope;

#[derive(Default)]
pub(crate) struct ClosePosition;

/// What came of closing.
#[derive(Debug, SimpleObject)]
pub(crate) struct CloseGameMatchPositionPayload {
    /// The position, which closes at the first tick that counts; null if it was refused.
    position: Option<GameMatchPosition>,
    /// Why it was refused; empty if it was not.
    user_errors: Vec<UserError>,
}

#[Object]
impl ClosePosition {
    /// Closes an open position at the first tick that counts.
    async fn close_game_match_position(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The position's id.")] id: ID,
        #[graphql(desc = "The operation: the same id is the same operation.")] request_id: Option<
            Uuid,
        >,
    ) -> ApiResult<CloseGameMatchPositionPayload> {
        let (position, user_errors) = told(close(ctx, &id, request_id).await)?;
        Ok(CloseGameMatchPositionPayload {
            position,
            user_errors,
        })
    }
}

async fn close(
    ctx: &Context<'_>,
    id: &ID,
    request_id: Option<Uuid>,
) -> ApiResult<GameMatchPosition> {
    let caller = trader(ctx, request_id).await?;
    let (battle, position) = locate(ctx, id).await?;
    let question = Close {
        caller,
        battle,
        position,
    };
    ctx.gateway().ask_arena(&question).await?.outcome()?;
    shown(ctx, position).await
}
