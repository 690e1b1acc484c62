//! How charts go on.

use async_graphql::{Context, ID, Subscription};
use contracts::Code;
use contracts::live::{self, LiveCandles};
use domain::candle::Interval;
use futures::{Stream, StreamExt, stream};

use crate::error::ApiError;
use crate::graphql::access::Stated;
use crate::graphql::object::{Candle, CandleInterval};
use crate::graphql::scope::Scope;

#[derive(Default)]
pub(crate) struct CandleUpdated;

#[Subscription(guard = "Stated")]
impl CandleUpdated {
    /// The running candle of an asset when it has changed, four times a second at most; and each that
    /// closes, once, before the one that follows it.
    async fn candle_updated(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The asset's slug, such as bitcoin; its symbol or pair will do.")]
        asset: ID,
        #[graphql(desc = "How long a candle lasts.")] interval: CandleInterval,
    ) -> Result<impl Stream<Item = Candle> + use<>, ApiError> {
        let gateway = ctx.gateway();
        let listed = gateway.catalogue.find(&asset);
        let pair = &listed.ok_or_else(|| ApiError::of(Code::NotFound))?.pair;
        let subject = live::candles(pair);
        let updates = gateway.hub.hear::<LiveCandles>(&subject).await?;
        let interval = Interval::from(interval);
        Ok(updates.flat_map(move |update| {
            let candles = update.candles.into_iter();
            let of_it = candles.filter(move |candle| candle.interval == interval);
            stream::iter(of_it.map(Candle::from))
        }))
    }
}
