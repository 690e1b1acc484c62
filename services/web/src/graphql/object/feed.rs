//! Whether prices are fresh.

use std::collections::BTreeMap;

use async_graphql::{ID, SimpleObject};
use contracts::Key;
use contracts::market::Watermark;
use domain::battle::STALE_MS;
use domain::symbol::Symbol;
use domain::timestamp::Timestamp;
use futures::future::try_join_all;

use crate::error::ApiResult;
use crate::gateway::Gateway;
use crate::graphql::scalar::DateTime;

/// Whether the prices of an asset are fresh. Orders for one whose prices are not are refused with
/// FEED_STALE.
#[derive(Clone, Debug, PartialEq, Eq, SimpleObject)]
pub(crate) struct AssetFeed {
    /// The asset's id: a slug such as bitcoin.
    #[graphql(name = "assetID")]
    asset_id: ID,
    /// Whether they are.
    is_fresh: bool,
    /// Up to when every trade is known, on the exchange's clock; null while nothing is.
    known_up_to: Option<DateTime>,
}

/// Up to when every trade of each market is known.
#[derive(Clone, Debug, Default)]
pub(crate) struct Watermarks(BTreeMap<Symbol, Timestamp>);

impl Watermarks {
    /// Those of now.
    pub(crate) async fn load(gateway: &Gateway) -> ApiResult<Self> {
        let last = gateway.catalogue.ranked().map(|(_, listed)| async {
            let key = Key::from(&listed.pair);
            gateway.bus.last::<Watermark>(&key).await
        });
        let mut known = Self::default();
        for last in try_join_all(last).await?.into_iter().flatten() {
            known.hear(&last.message);
        }
        Ok(known)
    }

    /// Takes a newer one.
    pub(crate) fn hear(&mut self, watermark: &Watermark) {
        let known = self
            .0
            .entry(watermark.symbol.clone())
            .or_insert(watermark.time);
        *known = watermark.time.max(*known);
    }

    /// What that comes to at present, by rank.
    pub(crate) fn feeds(&self, gateway: &Gateway) -> Vec<AssetFeed> {
        let now = gateway.exchange_clock.now();
        let feed = |listed: &crate::catalogue::Listed| {
            let known = self.0.get(&listed.pair).copied();
            AssetFeed {
                asset_id: ID(listed.id.clone()),
                is_fresh: known.is_some_and(|known| now <= known.plus_ms(STALE_MS)),
                known_up_to: known.map(Into::into),
            }
        };
        let ranked = gateway.catalogue.ranked();
        ranked.map(|(_, listed)| feed(listed)).collect()
    }
}

/// Whether anything is fresh that was not, or the other way round.
pub(crate) fn differ(before: &[AssetFeed], now: &[AssetFeed]) -> bool {
    let fresh = |feeds: &[AssetFeed]| -> Vec<bool> {
        let fresh = feeds.iter().map(|feed| feed.is_fresh);
        fresh.collect()
    };
    fresh(before) != fresh(now)
}
