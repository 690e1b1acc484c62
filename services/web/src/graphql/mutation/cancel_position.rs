//! Taking an order back.

use async_graphql::{Context, ID, Object};
use contracts::Code;
use contracts::positions::CancelPosition as Cancel;
use domain::id::{BattleId, PositionId};
use uuid::Uuid;

use super::trader;
use crate::error::{ApiError, ApiResult};
use crate::graphql::object::GameMatchPosition;
use crate::graphql::query::parse_id;
use crate::graphql::scope::Scope;

#[derive(Default)]
pub(crate) struct CancelPosition;

#[Object]
impl CancelPosition {
    /// Takes a pending limit order back.
    async fn cancel_game_match_position(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The position's id.")] id: ID,
        #[graphql(desc = "The operation: the same id is the same operation.")] request_id: Option<
            Uuid,
        >,
    ) -> ApiResult<bool> {
        let caller = trader(ctx, request_id).await?;
        let (battle, position) = locate(ctx, &id).await?;
        let question = Cancel {
            caller,
            battle,
            position,
        };
        ctx.gateway().ask_arena(&question).await?.outcome()?;
        Ok(true)
    }
}

/// The match of a position of one's own, which the arena has to be asked in.
pub(super) async fn locate(ctx: &Context<'_>, id: &ID) -> ApiResult<(BattleId, PositionId)> {
    let missing = || ApiError::of(Code::PositionNotFound);
    let position = parse_id(id).ok_or_else(missing)?;
    let found = GameMatchPosition::find(ctx, position).await?;
    let own = ctx.visitor().signed_in().await?.user;
    let found = found
        .filter(|found| found.player() == own)
        .ok_or_else(missing)?;
    Ok((found.battle(), position))
}

/// A position as it stands after a command.
pub(super) async fn shown(
    scope: &impl Scope,
    position: PositionId,
) -> ApiResult<GameMatchPosition> {
    let found = GameMatchPosition::find(scope, position).await?;
    found.ok_or_else(|| ApiError::of(Code::PositionNotFound))
}
