//! The last price of every symbol, and what the exchange says about its day.

use domain::price::Price;
use domain::symbol::Symbol;
use domain::timestamp::Timestamp;
use redis::AsyncCommands;
use serde::{Deserialize, Serialize};

use crate::{Cache, CacheError};

/// What is known of a symbol at present, for display. The rules never read it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LastPrice {
    /// The market.
    pub symbol: Symbol,
    /// Its last price.
    pub price: Price,
    /// When the exchange made that trade.
    pub time: Timestamp,
    /// The day's figures, where the exchange says them.
    #[serde(default)]
    pub day: Option<Day>,
}

/// What the exchange says about the last 24 hours of a symbol, as decimal text.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Day {
    /// Traded, in quote currency.
    pub volume_quote: String,
    /// The change of the price in percent.
    pub change_percent: String,
    /// The volume-weighted average price.
    pub vwap: String,
}

impl Cache {
    /// Stores these prices over the old ones of their symbols, in one round trip.
    ///
    /// # Errors
    /// [`CacheError`]
    pub async fn put_prices(&self, prices: &[LastPrice]) -> Result<(), CacheError> {
        if prices.is_empty() {
            return Ok(());
        }
        let key = self.prices_key();
        let fields = prices
            .iter()
            .map(|price| Ok((price.symbol.as_str(), serde_json::to_string(price)?)))
            .collect::<Result<Vec<_>, serde_json::Error>>()
            .map_err(|_unserialisable| CacheError::Corrupt { key: key.clone() })?;
        Ok(self.connection().hset_multiple(key, &fields).await?)
    }

    /// Every price that is known, in one round trip.
    ///
    /// # Errors
    /// [`CacheError`]
    pub async fn prices(&self) -> Result<Vec<LastPrice>, CacheError> {
        let key = self.prices_key();
        let texts: Vec<String> = self.connection().hvals(&key).await?;
        texts
            .iter()
            .map(|text| serde_json::from_str(text))
            .collect::<Result<_, _>>()
            .map_err(|_foreign| CacheError::Corrupt { key })
    }

    fn prices_key(&self) -> String {
        self.key("prices", "last")
    }
}
