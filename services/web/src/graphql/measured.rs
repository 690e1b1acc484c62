//! For benchmarks: the list of assets and the order of a position as they are, rules, objects and
//! limits included, but for the stores. What they would read is in memory, and nothing is written.

use std::sync::Arc;

use async_graphql::{Context, EmptySubscription, Object, Schema, SchemaBuilder};
use cache::{Day, LastPrice};
use contracts::positions::position_id;
use domain::price::Price;
use domain::timestamp::Timestamp;
use runtime::ids;
use uuid::Uuid;

use super::mutation::CreateGameMatchPositionInput;
use super::mutation::create_position::entered;
use super::object::{Asset, GameMatchPosition, PendingOrder};
use super::page::{self, Listing, Paging};
use super::query::assets;
use super::scope::Scope;
use crate::error::ApiResult;
use crate::gateway::Gateway;

pub(crate) type MeasuredSchema = Schema<Listed, Ordered, EmptySubscription>;

/// The schema, with a price for each asset of the gateway.
pub(super) fn builder(gateway: &Gateway) -> SchemaBuilder<Listed, Ordered, EmptySubscription> {
    let prices = prices(gateway);
    Schema::build(Listed { prices }, Ordered, EmptySubscription)
}

/// A price for each asset of the gateway.
pub(super) fn prices(gateway: &Gateway) -> Vec<Arc<LastPrice>> {
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
    prices.map(Arc::new).collect()
}

pub(crate) struct Listed {
    prices: Vec<Arc<LastPrice>>,
}

#[Object(name = "Query")]
impl Listed {
    /// As the API's.
    #[graphql(complexity = "page::cost(first, None, child_complexity)")]
    async fn assets(&self, ctx: &Context<'_>, first: Option<i32>) -> ApiResult<Listing<Asset>> {
        let paging = Paging {
            after: None,
            before: None,
            first,
            last: None,
            order_by: None,
        };
        list(ctx, &self.prices, paging)
    }
}

/// As the API's, at these prices.
pub(super) fn list(
    scope: &impl Scope,
    prices: &[Arc<LastPrice>],
    paging: Paging,
) -> ApiResult<Listing<Asset>> {
    let slice = assets::by_rank(paging)?;
    let all = Asset::priced(scope.gateway(), prices);
    Ok(assets::listed(all, &slice))
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
        order(ctx, &create_game_input, request_id).await
    }
}

/// As the API's where the arena is silent.
pub(super) async fn order(
    scope: &impl Scope,
    input: &CreateGameMatchPositionInput,
    request: Option<Uuid>,
) -> ApiResult<GameMatchPosition> {
    let player = scope.visitor().signed_in_lately().await?.user;
    let request = request.map_or_else(ids::mint, Into::into);
    let battle = input.battle()?;
    let sent = PendingOrder {
        battle,
        player,
        request,
        sent_at_ms: scope.gateway().clock.now_ms(),
        sequence: 0,
        order: entered(scope, position_id(battle, player, request), input),
    };
    Ok(GameMatchPosition::sent(sent, None))
}
