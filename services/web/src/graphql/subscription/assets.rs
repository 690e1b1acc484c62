//! Prices.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use async_graphql::{Context, ID, Subscription};
use contracts::Code;
use contracts::live::{self, LivePrice};
use domain::symbol::Symbol;
use futures::{Stream, StreamExt, stream};
use tokio::time::{Instant, Interval, MissedTickBehavior, interval, interval_at};

use crate::error::ApiError;
use crate::gateway::Gateway;
use crate::graphql::access::Stated;
use crate::graphql::object::AssetUpdate;
use crate::graphql::scope::Scope;

/// How often the price of one asset is told, at the most.
const BEAT: Duration = Duration::from_millis(25);

/// How often the prices that have moved are told together.
const TOGETHER_EVERY: Duration = Duration::from_millis(50);

#[derive(Default)]
pub(crate) struct Assets;

#[Subscription(guard = "Stated")]
impl Assets {
    /// The price of one asset when it has moved, forty times a second at most.
    async fn asset_updated(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The asset's slug, such as bitcoin; its symbol or pair will do.")] id: ID,
    ) -> Result<impl Stream<Item = AssetUpdate> + use<>, ApiError> {
        let gateway = ctx.gateway();
        let listed = gateway.catalogue.find(&id).cloned();
        let listed = listed.ok_or_else(|| ApiError::of(Code::NotFound))?;
        let prices = gateway
            .hub
            .hear::<LivePrice>(&live::prices(&listed.pair))
            .await?;
        let latest =
            together(prices, on_the_beat()).flat_map(|moved| stream::iter(moved.into_values()));
        Ok(latest.map(move |live| AssetUpdate::of(&listed, &live)))
    }

    /// The prices of all assets that have moved, twenty times a second at most.
    async fn assets_updated(
        &self,
        ctx: &Context<'_>,
    ) -> Result<impl Stream<Item = Vec<AssetUpdate>> + use<>, ApiError> {
        let gateway = Arc::clone(ctx.gateway());
        let prices = gateway.hub.hear::<LivePrice>(live::ALL_PRICES).await?;
        let mut ticks = interval(TOGETHER_EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Ok(together(prices, ticks).map(move |moved| updates(&gateway, &moved)))
    }
}

fn updates(gateway: &Gateway, moved: &BTreeMap<Symbol, LivePrice>) -> Vec<AssetUpdate> {
    let update = |live: &LivePrice| {
        gateway
            .catalogue
            .priced_by(&live.symbol)
            .map(|listed| AssetUpdate::of(listed, live))
    };
    moved.values().filter_map(update).collect()
}

/// Ticks with the beat of this process, which is the same for all assets: whoever listens to many of
/// them is told in one write.
fn on_the_beat() -> Interval {
    static FIRST: LazyLock<Instant> = LazyLock::new(Instant::now);
    let first = *FIRST;
    let since = first.elapsed().as_nanos() % BEAT.as_nanos();
    let since = Duration::from_nanos(u64::try_from(since).unwrap_or_default());
    let mut ticks = interval_at(Instant::now() + BEAT.saturating_sub(since), BEAT);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
    ticks
}

/// The latest price of each symbol that has moved since the last time.
fn together(
    prices: impl Stream<Item = LivePrice> + Send,
    ticks: Interval,
) -> impl Stream<Item = BTreeMap<Symbol, LivePrice>> {
    stream::unfold(
        (Box::pin(prices), ticks),
        async |(mut prices, mut ticks)| {
            let moved = gather(&mut prices, &mut ticks).await?;
            Some((moved, (prices, ticks)))
        },
    )
}

async fn gather(
    prices: &mut (impl Stream<Item = LivePrice> + Unpin),
    ticks: &mut Interval,
) -> Option<BTreeMap<Symbol, LivePrice>> {
    let mut moved = BTreeMap::new();
    loop {
        tokio::select! {
            price = prices.next() => {
                let price = price?;
                moved.insert(price.symbol.clone(), price);
            }
            _ = ticks.tick(), if !moved.is_empty() => return Some(moved),
        }
    }
}
