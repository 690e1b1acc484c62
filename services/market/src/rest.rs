//! Asks the exchange's REST interface: its clock, past trades, the day's figures, price steps.

use std::time::Duration;

use cache::Day;
use domain::market::Tick;
use domain::price::Price;
use domain::symbol::Symbol;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::frame;
use crate::settings::RestUrl;

/// How long an answer may take: less than a gap may stay open.
const ANSWER_TIMEOUT: Duration = Duration::from_millis(1_500);
/// The most trades in one answer.
pub(crate) const PAGE_TRADES: usize = 1_000;
/// The largest answer that is read, in bytes.
const MAX_ANSWER: usize = 4 * 1024 * 1024;

/// Why the exchange did not say.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RestError {
    /// It did not answer in time, or refused.
    #[error("the exchange does not answer")]
    Unavailable(#[from] reqwest::Error),
    /// It answered something else.
    #[error("the exchange's answer on {path} is not what it documents")]
    Malformed { path: &'static str },
}

/// A client of the exchange's REST interface. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Rest {
    client: reqwest::Client,
    url: RestUrl,
}

impl Rest {
    /// A client that has not asked anything yet.
    ///
    /// # Errors
    /// When the machine's TLS setup is unusable.
    pub(crate) fn open(url: RestUrl) -> reqwest::Result<Self> {
        let client = reqwest::Client::builder().timeout(ANSWER_TIMEOUT).build()?;
        Ok(Self { client, url })
    }

    /// The exchange's clock, in milliseconds since 1970.
    pub(crate) async fn server_time_ms(&self) -> Result<i64, RestError> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Time {
            server_time: i64,
        }
        let time: Time = self.get("/api/v3/time", &[]).await?;
        Ok(time.server_time)
    }

    /// Trades of a symbol from an id up, at most [`PAGE_TRADES`] of them.
    pub(crate) async fn trades(&self, symbol: &Symbol, from: u64) -> Result<Vec<Tick>, RestError> {
        let (from, limit) = (from.to_string(), PAGE_TRADES.to_string());
        let query = [
            ("symbol", symbol.as_str()),
            ("fromId", &from),
            ("limit", &limit),
        ];
        self.past_trades("/api/v3/historicalTrades", &query).await
    }

    /// The newest trade of a symbol, if there ever was one.
    pub(crate) async fn newest_trade(&self, symbol: &Symbol) -> Result<Option<Tick>, RestError> {
        let query = [("symbol", symbol.as_str()), ("limit", "1")];
        Ok(self.past_trades("/api/v3/trades", &query).await?.pop())
    }

    async fn past_trades(
        &self,
        path: &'static str,
        query: &[(&str, &str)],
    ) -> Result<Vec<Tick>, RestError> {
        #[derive(Deserialize)]
        struct PastTrade {
            id: u64,
            price: String,
            time: i64,
        }
        let trades: Vec<PastTrade> = self.get(path, query).await?;
        trades
            .iter()
            .map(|past| frame::tick(past.id, &past.price, past.time))
            .collect::<Option<_>>()
            .ok_or(RestError::Malformed { path })
    }

    /// The last 24 hours of a symbol.
    pub(crate) async fn day(&self, symbol: &Symbol) -> Result<Day, RestError> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Ticker {
            quote_volume: String,
            price_change_percent: String,
            weighted_avg_price: String,
        }
        let query = [("symbol", symbol.as_str())];
        let ticker: Ticker = self.get("/api/v3/ticker/24hr", &query).await?;
        Ok(Day {
            volume_quote: ticker.quote_volume,
            change_percent: ticker.price_change_percent,
            vwap: ticker.weighted_avg_price,
        })
    }

    /// The price step of a symbol.
    pub(crate) async fn price_step(&self, symbol: &Symbol) -> Result<Price, RestError> {
        #[derive(Deserialize)]
        struct Info {
            symbols: Vec<Listing>,
        }
        #[derive(Deserialize)]
        struct Listing {
            filters: Vec<Filter>,
        }
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Filter {
            tick_size: Option<String>,
        }
        let path = "/api/v3/exchangeInfo";
        let info: Info = self.get(path, &[("symbol", symbol.as_str())]).await?;
        let mut filters = info.symbols.into_iter().flat_map(|listing| listing.filters);
        let step = filters.find_map(|filter| filter.tick_size);
        step.and_then(|step| step.parse().ok())
            .ok_or(RestError::Malformed { path })
    }

    async fn get<T: DeserializeOwned>(
        &self,
        path: &'static str,
        query: &[(&str, &str)],
    ) -> Result<T, RestError> {
        let request = self.client.get(self.url.join(path)).query(query);
        let mut answer = request.send().await?.error_for_status()?;
        let mut body = Vec::new();
        while let Some(chunk) = answer.chunk().await? {
            if body.len() + chunk.len() > MAX_ANSWER {
                return Err(RestError::Malformed { path });
            }
            body.extend_from_slice(&chunk);
        }
        serde_json::from_slice(&body).or(Err(RestError::Malformed { path }))
    }
}
