//! Assets: what is configured of them, and their prices from the cache.

use std::collections::HashMap;
use std::sync::Arc;

use async_graphql::{ID, Object, SimpleObject};
use cache::{Day, LastPrice};
use contracts::live::LivePrice;
use domain::price::Price;
use domain::symbol::Symbol;

use crate::catalogue::Listed;
use crate::error::ApiResult;
use crate::gateway::Gateway;
use crate::graphql::plan::{Chosen, Planned, Write, leaves};
use crate::graphql::scalar::{DateTime, Decimal};

/// Something that can be traded.
#[derive(Clone, Debug)]
pub(crate) struct Asset {
    listed: Arc<Listed>,
    rank: i32,
    last: Option<Arc<LastPrice>>,
}

impl Asset {
    /// Every asset by rank, with one look into the cache.
    pub(crate) async fn all(gateway: &Arc<Gateway>) -> ApiResult<Vec<Self>> {
        let known = gateway.cache.prices().await?.into_iter().map(Arc::new);
        Ok(Self::priced(gateway, &known.collect::<Vec<_>>()))
    }

    /// Every asset by rank, with what is known of its price.
    pub(crate) fn priced(gateway: &Gateway, known: &[Arc<LastPrice>]) -> Vec<Self> {
        let known: HashMap<&Symbol, &Arc<LastPrice>> =
            known.iter().map(|last| (&last.symbol, last)).collect();
        let ranked = gateway.catalogue.ranked();
        ranked
            .map(|(rank, listed)| Self {
                listed: Arc::clone(listed),
                rank,
                last: known.get(&listed.pair).copied().cloned(),
            })
            .collect()
    }

    /// The asset of this slug, symbol or pair.
    pub(crate) async fn find(gateway: &Arc<Gateway>, name: &str) -> ApiResult<Option<Self>> {
        let Some(listed) = gateway.catalogue.find(name) else {
            return Ok(None);
        };
        let all = Self::all(gateway).await?;
        Ok(all.into_iter().find(|asset| asset.listed == *listed))
    }

    /// The assets of these names, by name, with at most one look into the cache.
    pub(crate) async fn find_each<'n>(
        gateway: &Arc<Gateway>,
        names: impl IntoIterator<Item = &'n str>,
    ) -> ApiResult<HashMap<&'n str, Self>> {
        let listed = |name| Some((name, gateway.catalogue.find(name)?));
        let listed: Vec<_> = names.into_iter().filter_map(listed).collect();
        if listed.is_empty() {
            return Ok(HashMap::new());
        }
        let all = Self::all(gateway).await?;
        let shown = |(name, listed): (&'n str, &Arc<Listed>)| {
            let asset = all.iter().find(|asset| asset.listed == *listed)?;
            Some((name, asset.clone()))
        };
        Ok(listed.into_iter().filter_map(shown).collect())
    }

    /// The market that prices it.
    pub(crate) fn pair(&self) -> &Symbol {
        &self.listed.pair
    }

    /// Where it stands in the list, from 1.
    pub(crate) fn place(&self) -> i32 {
        self.rank
    }

    fn usd(&self) -> f64 {
        self.last.as_ref().map_or(0.0, |last| float(last.price))
    }

    fn day(&self, figure: impl Fn(&Day) -> &str) -> f64 {
        let day = self.last.as_ref().and_then(|last| last.day.as_ref());
        day.map_or(0.0, |day| display(figure(day)))
    }
}

/// Something that can be traded. Its figures are for display: what decides is the tick.
#[Object]
impl Asset {
    /// The asset's id: a slug such as bitcoin.
    pub(crate) async fn id(&self) -> ID {
        ID(self.listed.id.clone())
    }

    /// The symbol, such as BTC.
    async fn symbol(&self) -> &str {
        &self.listed.symbol
    }

    /// The name.
    async fn name(&self) -> &str {
        &self.listed.name
    }

    /// Address of an icon; may be empty.
    async fn icon_url(&self) -> &str {
        &self.listed.icon_url
    }

    /// The market that prices it, such as BTCUSDT.
    #[graphql(name = "pair")]
    async fn market(&self) -> &str {
        self.listed.pair.as_str()
    }

    /// Where it stands in the list, from 1.
    async fn rank(&self) -> i32 {
        self.rank
    }

    /// The last price in USDT, exact; null while none is known.
    async fn price(&self) -> Option<Decimal> {
        self.last.as_ref().map(|last| last.price.into())
    }

    /// When the exchange made the trade of that price.
    async fn price_time(&self) -> Option<DateTime> {
        self.last.as_ref().map(|last| last.time.into())
    }

    /// The last price in USD, for display; 0 while none is known.
    #[graphql(name = "priceUSD")]
    async fn price_usd(&self) -> f64 {
        self.usd()
    }

    /// Units in circulation; 0, for the exchange does not say.
    async fn supply(&self) -> f64 {
        0.0
    }

    /// Units that there can ever be; 0, for the exchange does not say.
    async fn max_supply(&self) -> f64 {
        0.0
    }

    /// Supply times price in USD; 0, for the exchange does not say.
    #[graphql(name = "marketCapUSD")]
    async fn market_cap_usd(&self) -> f64 {
        0.0
    }

    /// Traded within 24 hours, in USD; 0 where the exchange does not say.
    #[graphql(name = "volumeUSD24Hr")]
    async fn volume_usd_24_hr(&self) -> f64 {
        self.day(|day| &day.volume_quote)
    }

    /// The change of the price within 24 hours, in percent; 0 where the exchange does not say.
    #[graphql(name = "changePercent24Hr")]
    async fn change_percent_24_hr(&self) -> f64 {
        self.day(|day| &day.change_percent)
    }

    /// The average price of 24 hours weighted by volume, in USD; 0 where the exchange does not say.
    #[graphql(name = "vwap24Hr")]
    async fn vwap_24_hr(&self) -> f64 {
        self.day(|day| &day.vwap)
    }
}

impl Planned for Asset {
    fn field(chosen: &Chosen<'_>) -> Option<Write<Self>> {
        leaves!(chosen: |asset, _|
            "id" => asset.listed.id,
            "symbol" => asset.listed.symbol,
            "name" => asset.listed.name,
            "iconUrl" => asset.listed.icon_url,
            "pair" => asset.listed.pair.as_str(),
            "rank" => asset.rank,
            "price" => asset.last.as_ref().map(|last| Decimal::from(last.price)),
            "priceTime" => asset.last.as_ref().map(|last| DateTime::from(last.time)),
            "priceUSD" => asset.usd(),
            "supply" => 0.0_f64,
            "maxSupply" => 0.0_f64,
            "marketCapUSD" => 0.0_f64,
            "volumeUSD24Hr" => asset.day(|day| &day.volume_quote),
            "changePercent24Hr" => asset.day(|day| &day.change_percent),
            "vwap24Hr" => asset.day(|day| &day.vwap),
        )
    }
}

/// The new price of an asset.
#[derive(Clone, Debug, SimpleObject)]
pub(crate) struct AssetUpdate {
    /// The asset's id: a slug such as bitcoin.
    id: ID,
    /// The last price in USD, for display.
    #[graphql(name = "priceUSD")]
    price_usd: f64,
    /// The last price in USDT, exact.
    price: Decimal,
    /// When the exchange made the trade of that price.
    time: DateTime,
}

impl AssetUpdate {
    /// The update that `live` means for this asset.
    pub(crate) fn of(listed: &Listed, live: &LivePrice) -> Self {
        Self {
            id: ID(listed.id.clone()),
            price_usd: float(live.price),
            price: live.price.into(),
            time: live.time.into(),
        }
    }
}

fn float(price: Price) -> f64 {
    display(&price.to_string())
}

/// A figure for display.
fn display(decimal: &str) -> f64 {
    decimal.parse().unwrap_or_default()
}
