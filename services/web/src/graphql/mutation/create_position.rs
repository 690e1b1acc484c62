//! A new order.

use async_graphql::{Context, ID, InputObject, Object};
use contracts::Code;
use contracts::positions::{NewPosition, position_id};
use domain::id::{BattleId, PositionId};
use domain::leverage::Leverage;
use domain::order::{Entered, NewOrder, OrderKind};
use domain::symbol::Symbol;
use uuid::Uuid;

use super::cancel_position::shown;
use super::trader;
use crate::commands::Known;
use crate::error::{ApiError, ApiResult};
use crate::graphql::object::{
    GameMatchPosition, GameMatchPositionSide, GameMatchPositionType, PendingOrder,
};
use crate::graphql::query::parse_id;
use crate::graphql::scalar::Decimal;
use crate::graphql::scope::Scope;

#[derive(Default)]
pub(crate) struct CreatePosition;

/// An order, as it was entered. What does not fit is refused by the rules, with a code per field.
#[derive(Debug, InputObject)]
pub(crate) struct CreateGameMatchPositionInput {
    /// The match.
    #[graphql(name = "matchID")]
    match_id: ID,
    /// The asset: its slug, symbol or pair.
    base_token: String,
    /// Which way to bet.
    side: GameMatchPositionSide,
    /// How the order fills.
    #[graphql(name = "type")]
    kind: GameMatchPositionType,
    /// Chips to stake, at least 0.01, with at most 8 decimals.
    margin: Decimal,
    /// How many times the margin the position moves, from 1 to the game's highest.
    leverage: i32,
    /// The limit of a LIMIT order, in quote currency. A MARKET order has none.
    limit_price: Option<Decimal>,
    /// Where to stop a loss, in quote currency.
    stop_loss: Option<Decimal>,
    /// Where to take a profit, in quote currency.
    target_point: Option<Decimal>,
}

#[Object]
impl CreatePosition {
    /// Orders a position. Above 10x it spends one use of a leverage card. An order that is stored
    /// stands as PENDING while the arena is silent; what became of it shows under the same id.
    async fn create_game_match_position(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The order.")] create_game_input: CreateGameMatchPositionInput,
        #[graphql(desc = "The operation: the same id is the same operation.")] request_id: Option<
            Uuid,
        >,
    ) -> ApiResult<GameMatchPosition> {
        create(ctx, &create_game_input, request_id).await
    }
}

/// Orders a position for whoever asks.
pub(in crate::graphql) async fn create(
    scope: &impl Scope,
    input: &CreateGameMatchPositionInput,
    request: Option<Uuid>,
) -> ApiResult<GameMatchPosition> {
    let caller = trader(scope, request).await?;
    let battle = input.battle()?;
    let position = position_id(battle, caller.user, caller.request);
    let order = entered(scope, position, input);
    let question = NewPosition {
        caller,
        battle,
        order,
    };
    match scope.gateway().ask_arena(&question).await? {
        Known::Outcome(taken) => match taken.first {
            Some(first) => Ok((*first).into()),
            // It was ordered before.
            None => shown(scope, taken.position).await,
        },
        Known::Stored(sequence) => Ok(pending(scope, question, sequence).await),
    }
}

impl CreateGameMatchPositionInput {
    /// The match that it is for.
    pub(in crate::graphql) fn battle(&self) -> ApiResult<BattleId> {
        parse_id(&self.match_id).ok_or_else(|| ApiError::of(Code::MatchNotFound))
    }
}

/// The order that somebody entered.
pub(in crate::graphql) fn entered(
    scope: &impl Scope,
    position: PositionId,
    input: &CreateGameMatchPositionInput,
) -> NewOrder {
    let listed = scope.gateway().catalogue.find(&input.base_token);
    let symbol: Entered<Symbol> = listed.map_or(Entered::Malformed, |listed| {
        Entered::Value(listed.pair.clone())
    });
    let leverage = u8::try_from(input.leverage)
        .ok()
        .and_then(|times| Leverage::try_from(times).ok());
    NewOrder {
        position,
        symbol,
        side: input.side.into(),
        kind: match input.kind {
            GameMatchPositionType::Market => OrderKind::Market,
            GameMatchPositionType::Limit => {
                OrderKind::Limit(Decimal::entered(input.limit_price.as_ref()))
            }
        },
        margin: Decimal::entered(Some(&input.margin)),
        leverage: leverage.map_or(Entered::Malformed, Entered::Value),
        stop_loss: Decimal::entered(input.stop_loss.as_ref()),
        take_profit: Decimal::entered(input.target_point.as_ref()),
    }
}

/// The order is stored and the arena is silent: it is remembered, so that its owner sees it until
/// there is more to see.
async fn pending(scope: &impl Scope, question: NewPosition, sequence: u64) -> GameMatchPosition {
    let NewPosition {
        caller,
        battle,
        order,
    } = question;
    let position = order.position;
    let sent_at_ms = scope.gateway().clock.now_ms();
    let sent = PendingOrder {
        battle,
        player: caller.user,
        request: caller.request,
        sent_at_ms,
        sequence,
        order,
    };
    let remembered = scope.gateway().cache.remember_order(position, &sent).await;
    if let Err(error) = remembered {
        // It is stored all the same, and the arena's row will show it.
        tracing::warn!(%error, "a pending order is not remembered");
    }
    GameMatchPosition::sent(sent, None)
}
