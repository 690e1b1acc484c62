//! Moving the levels of a position.

use async_graphql::{Context, ID, MaybeUndefined, Object, SimpleObject};
use contracts::positions::AmendPosition as Amend;
use domain::order::LevelChange;
use domain::price::Price;
use uuid::Uuid;

use super::cancel_position::{locate, shown};
use super::trader;
use crate::error::ApiResult;
use crate::graphql::object::GameMatchPosition;
use crate::graphql::payload::{UserError, told};
use crate::graphql::scalar::Decimal;
use crate::graphql::scope::Scope;

#[derive(Default)]
pub(crate) struct AmendPosition;

/// What came of amending.
#[derive(Debug, SimpleObject)]
pub(crate) struct AmendGameMatchPositionPayload {
    /// The position, whose levels change just before the first tick that counts; null if it was
    /// refused.
    position: Option<GameMatchPosition>,
    /// Why it was refused; empty if it was not.
    user_errors: Vec<UserError>,
}

#[Object]
impl AmendPosition {
    /// Changes the levels of a position that has not ended. An omitted level stays, null removes
    /// it.
    async fn amend_game_match_position(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The position's id.")] id: ID,
        #[graphql(desc = "Where to stop a loss, in quote currency.")] stop_loss: MaybeUndefined<
            Decimal,
        >,
        #[graphql(desc = "Where to take a profit, in quote currency.")]
        target_point: MaybeUndefined<Decimal>,
        #[graphql(desc = "The operation: the same id is the same operation.")] request_id: Option<
            Uuid,
        >,
    ) -> ApiResult<AmendGameMatchPositionPayload> {
        let levels = [&stop_loss, &target_point].map(change);
        let (position, user_errors) = told(amend(ctx, &id, levels, request_id).await)?;
        Ok(AmendGameMatchPositionPayload {
            position,
            user_errors,
        })
    }
}

async fn amend(
    ctx: &Context<'_>,
    id: &ID,
    [stop_loss, take_profit]: [LevelChange; 2],
    request_id: Option<Uuid>,
) -> ApiResult<GameMatchPosition> {
    let caller = trader(ctx, request_id).await?;
    let (battle, position) = locate(ctx, id).await?;
    let question = Amend {
        caller,
        battle,
        position,
        stop_loss,
        take_profit,
    };
    ctx.gateway().ask_arena(&question).await?.outcome()?;
    shown(ctx, position).await
}

fn change(level: &MaybeUndefined<Decimal>) -> LevelChange {
    match level {
        MaybeUndefined::Undefined => LevelChange::Keep,
        MaybeUndefined::Null => LevelChange::Remove,
        MaybeUndefined::Value(decimal) => decimal
            .digits()
            .parse::<Price>()
            .map_or(LevelChange::Malformed, LevelChange::Set),
    }
}
