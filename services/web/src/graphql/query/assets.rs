//! Assets: a short list that is known by heart, and their charts.

use async_graphql::{Context, ID, Object};
use store::gateway::{Cursor, Part, Slice, Toward};
use uuid::Uuid;

use super::candles::{self, CandleRange};
use crate::error::ApiResult;
use crate::graphql::object::{Asset, AssetFeed, Candle, CandleInterval, Watermarks};
use crate::graphql::page::{self, Listing, Order, Paging};
use crate::graphql::scope::Scope;

#[derive(Default)]
pub(crate) struct AssetQuery;

#[Object]
impl AssetQuery {
    /// An asset; null if there is none.
    async fn asset(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Its slug, such as bitcoin; its symbol or pair will do.")] id: ID,
    ) -> ApiResult<Option<Asset>> {
        Asset::find(ctx.gateway(), &id).await
    }

    /// Whether the prices of each asset are fresh, by rank.
    #[graphql(complexity = "page::cost_of_whole(child_complexity)")]
    async fn feed_health(&self, ctx: &Context<'_>) -> ApiResult<Vec<AssetFeed>> {
        let known = Watermarks::load(ctx.gateway()).await?;
        Ok(known.feeds(ctx.gateway()))
    }

    /// What the price of an asset did, interval by interval and oldest first. The last one may still
    /// run; candleUpdated tells how it goes on.
    #[graphql(complexity = "candles::cost(interval, range.as_ref(), child_complexity)")]
    async fn candles(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The asset's slug, such as bitcoin; its symbol or pair will do.")]
        asset: ID,
        #[graphql(desc = "How long each of them lasts.")] interval: CandleInterval,
        #[graphql(
            desc = "When they begin. Of more than 500 the newest 500 are told, as where it is not given."
        )]
        range: Option<CandleRange>,
    ) -> ApiResult<Vec<Candle>> {
        candles::list(ctx, &asset, interval, range.as_ref()).await
    }

    /// The assets by rank, with their last prices.
    #[graphql(complexity = "page::cost(first, last, child_complexity)")]
    async fn assets(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only rows behind this cursor.")] after: Option<String>,
        #[graphql(desc = "Only rows before this cursor.")] before: Option<String>,
        #[graphql(desc = "The first so many of them, 0 to 100; 20 if neither is given.")]
        first: Option<i32>,
        #[graphql(desc = "The last so many of them, 0 to 100.")] last: Option<i32>,
    ) -> ApiResult<Listing<Asset>> {
        let paging = Paging {
            after,
            before,
            first,
            last,
            order_by: None,
        };
        read(ctx, paging).await
    }
}

/// A page of the assets by rank, with their last prices.
pub(in crate::graphql) async fn read(
    scope: &impl Scope,
    paging: Paging,
) -> ApiResult<Listing<Asset>> {
    let slice = by_rank(paging)?;
    Ok(listed(Asset::all(scope.gateway()).await?, &slice))
}

/// The slice that a page of the assets is.
pub(in crate::graphql) fn by_rank(paging: Paging) -> ApiResult<Slice> {
    let order_by = Some(Order::CreatedAtAsc);
    Paging { order_by, ..paging }.slice()
}

/// The slice of all assets as a connection.
pub(in crate::graphql) fn listed(assets: Vec<Asset>, slice: &Slice) -> Listing<Asset> {
    let total_count = i64::try_from(assets.len()).unwrap_or(i64::MAX);
    page::listing(cut(assets, slice), total_count)
}

/// The slice of a list that is at hand as a whole.
fn cut(assets: Vec<Asset>, slice: &Slice) -> Part<Asset> {
    let place = |asset: &Asset| Cursor {
        number: asset.place().into(),
        id: Uuid::nil(),
    };
    let mut rows: Vec<_> = assets
        .into_iter()
        .map(|asset| (place(&asset), asset))
        .collect();
    let whole = rows.len();
    rows.retain(|(at, _)| slice.after.is_none_or(|after| at.number > after.number));
    let behind = whole.saturating_sub(rows.len());
    rows.retain(|(at, _)| slice.before.is_none_or(|before| at.number < before.number));
    let before = whole.saturating_sub(behind).saturating_sub(rows.len());
    let limit = usize::try_from(slice.limit).unwrap_or(usize::MAX);
    let more = rows.len() > limit;
    match slice.toward {
        Toward::End => {
            rows.truncate(limit);
            Part {
                rows,
                has_next: more || before > 0,
                has_previous: behind > 0,
            }
        }
        Toward::Beginning => {
            rows.drain(..rows.len().saturating_sub(limit));
            Part {
                rows,
                has_next: before > 0,
                has_previous: more || behind > 0,
            }
        }
    }
}
