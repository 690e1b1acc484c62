//! For benchmarks: the list of assets and the order of a position as they are, rules, objects and
//! limits included, but for the stores. What they would read is in memory, and nothing is written.

use async_graphql::{Context, EmptySubscription, ID, InputObject, Object, Schema, SchemaBuilder};
use cache::{Day, LastPrice};
use contracts::Code;
use contracts::positions::position_id;
use domain::leverage::Leverage;
use domain::order::{Entered, NewOrder, OrderKind};
use domain::price::Price;
use domain::timestamp::Timestamp;
use runtime::ids;
use uuid::Uuid;

use super::object::{
    Asset, GameMatchPosition, GameMatchPositionSide, GameMatchPositionType, PendingOrder,
};
use super::page::{self, Listing, Order, Paging};
use super::query::{assets, parse_id};
use super::scalar::Decimal;
use super::scope::Scope;
use crate::error::{ApiError, ApiResult};
use crate::gateway::Gateway;

pub(crate) type MeasuredSchema = Schema<Listed, Ordered, EmptySubscription>;

/// The schema, with a price for each asset of the gateway.
pub(super) fn builder(gateway: &Gateway) -> SchemaBuilder<Listed, Ordered, EmptySubscription> {
    let prices = gateway.catalogue.ranked().map(|(rank, listed)| LastPrice {
        symbol: listed.pair.clone(),
        price: Price::from_units(i64::from(rank).saturating_mul(123_456_789)).unwrap_or(Price::MAX),
        time: Timestamp::from_ms(gateway.clock.now_ms()),
        day: Some(Day {
            volume_quote: "1234567.89".to_owned(),
            change_percent: "-1.25".to_owned(),
            vwap: "12345.678".to_owned(),
        }),
    });
    let listed = Listed {
        prices: prices.collect(),
    };
    Schema::build(listed, Ordered, EmptySubscription)
}

pub(crate) struct Listed {
    prices: Vec<LastPrice>,
}

#[Object(name = "Query")]
impl Listed {
    /// As the API's.
    #[graphql(complexity = "page::cost(first, None, child_complexity)")]
    async fn assets(&self, ctx: &Context<'_>, first: Option<i32>) -> ApiResult<Listing<Asset>> {
        let slice = Paging {
            after: None,
            before: None,
            first,
            last: None,
            order_by: Some(Order::CreatedAtAsc),
        }
        .slice()?;
        let all = Asset::priced(ctx.gateway(), self.prices.clone());
        Ok(assets::listed(all, &slice))
    }
}

/// As the API's.
#[derive(InputObject)]
struct CreateGameMatchPositionInput {
    #[graphql(name = "matchID")]
    match_id: ID,
    base_token: String,
    side: GameMatchPositionSide,
    #[graphql(name = "type")]
    kind: GameMatchPositionType,
    margin: Decimal,
    leverage: i32,
    limit_price: Option<Decimal>,
    stop_loss: Option<Decimal>,
    target_point: Option<Decimal>,
}

pub(crate) struct Ordered;

#[Object(name = "Mutation")]
impl Ordered {
    /// As the API's where the arena is silent: the order stands as PENDING.
    async fn create_game_match_position(
        &self,
        ctx: &Context<'_>,
        create_game_input: CreateGameMatchPositionInput,
        request_id: Option<Uuid>,
    ) -> ApiResult<GameMatchPosition> {
        let input = create_game_input;
        let player = ctx.visitor().signed_in_lately().await?.user;
        let request = request_id.map_or_else(ids::mint, Into::into);
        let battle = parse_id(&input.match_id).ok_or_else(|| ApiError::of(Code::MatchNotFound))?;
        let listed = ctx.gateway().catalogue.find(&input.base_token);
        let leverage = u8::try_from(input.leverage).ok();
        let leverage = leverage.and_then(|times| Leverage::try_from(times).ok());
        let limit = || Decimal::entered(input.limit_price.as_ref());
        let order = NewOrder {
            position: position_id(battle, player, request),
            symbol: listed.map_or(Entered::Malformed, |it| Entered::Value(it.pair.clone())),
            side: input.side.into(),
            kind: match input.kind {
                GameMatchPositionType::Market => OrderKind::Market,
                GameMatchPositionType::Limit => OrderKind::Limit(limit()),
            },
            margin: Decimal::entered(Some(&input.margin)),
            leverage: leverage.map_or(Entered::Malformed, Entered::Value),
            stop_loss: Decimal::entered(input.stop_loss.as_ref()),
            take_profit: Decimal::entered(input.target_point.as_ref()),
        };
        let sent = PendingOrder {
            battle,
            player,
            request,
            sent_at_ms: ctx.gateway().clock.now_ms(),
            sequence: 0,
            order,
        };
        Ok(GameMatchPosition::sent(sent, None))
    }
}
