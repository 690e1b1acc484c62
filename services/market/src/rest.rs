//! Asks the exchange's REST interface: its clock, past trades, the day's figures, candles, price
//! steps.

use std::time::Duration;

use cache::Day;
use domain::candle::{Candle, Interval};
use domain::decimal::MAX_DECIMAL_LEN;
use domain::market::Tick;
use domain::price::Price;
use domain::symbol::Symbol;
use domain::timestamp::Timestamp;
use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny};

use crate::frame;
use crate::settings::RestUrl;

/// How long an answer may take: less than a gap may stay open.
const ANSWER_TIMEOUT: Duration = Duration::from_millis(1_500);
/// The most trades in one answer.
pub(crate) const PAGE_TRADES: usize = 1_000;
/// The most candles in one answer.
pub(crate) const PAGE_CANDLES: usize = 1_000;
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

    /// Candles of a symbol from the one that begins at `from` up, each with what was traded in base
    /// units, oldest first and at most [`PAGE_CANDLES`] of them. The last may still run.
    pub(crate) async fn candles(
        &self,
        symbol: &Symbol,
        interval: Interval,
        from: Timestamp,
    ) -> Result<Vec<(Candle, String)>, RestError> {
        let path = "/api/v3/klines";
        let (start, limit) = (from.ms().max(0).to_string(), PAGE_CANDLES.to_string());
        let query = [
            ("symbol", symbol.as_str()),
            ("interval", interval.name()),
            ("startTime", &start),
            ("limit", &limit),
        ];
        let rows: Vec<Row> = self.get(path, &query).await?;
        let candles: Option<Vec<_>> = rows
            .into_iter()
            .map(|row| read_row(row, interval))
            .collect();
        candles
            .filter(|candles| candles.is_sorted_by(|(a, _), (b, _)| a.start < b.start))
            .ok_or(RestError::Malformed { path })
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

/// A row of klines: its beginning, four prices, the volume in base units; its end and more.
#[derive(Deserialize)]
struct Row(
    i64,
    String,
    String,
    String,
    String,
    String,
    IgnoredAny,
    IgnoredAny,
    IgnoredAny,
    IgnoredAny,
    IgnoredAny,
    IgnoredAny,
);

/// A row as a candle, with its volume; `None` when it is none of this interval.
fn read_row(row: Row, interval: Interval) -> Option<(Candle, String)> {
    let Row(start, open, high, low, close, volume, ..) = row;
    let candle = Candle {
        start: Timestamp::from_ms(start),
        open: open.parse().ok()?,
        high: high.parse().ok()?,
        low: low.parse().ok()?,
        close: close.parse().ok()?,
    };
    let begins = interval.start_of(candle.start) == candle.start;
    Some((candle, shortened(&volume)?)).filter(|_| begins)
}

/// A decimal without the zeros at its end. It may be more than a number of ours holds, for some
/// coins are traded by the billion.
fn shortened(volume: &str) -> Option<String> {
    let (whole, fraction) = volume.split_once('.').unwrap_or((volume, ""));
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if volume.len() > MAX_DECIMAL_LEN || whole.is_empty() || !digits(whole) || !digits(fraction) {
        return None;
    }
    let fraction = fraction.trim_end_matches('0');
    Some(if fraction.is_empty() {
        whole.to_owned()
    } else {
        format!("{whole}.{fraction}")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As the exchange documents it.
    const ROW: &str = r#"[1499040000000,"0.01634790","0.80000000","0.01575800","0.01577100","148976.11427815",1499126399999,"2434.19055334",308,"1756.87402397","28.46694368","0"]"#;

    fn read(row: &str, interval: Interval) -> Option<(Candle, String)> {
        read_row(serde_json::from_str(row).ok()?, interval)
    }

    #[test]
    fn a_documented_row_reads_to_the_last_digit() {
        let (candle, volume) = read(ROW, Interval::OneDay).unwrap();
        let prices = [candle.open, candle.high, candle.low, candle.close].map(|it| it.units());
        assert_eq!(prices, [1_634_790, 80_000_000, 1_575_800, 1_577_100]);
        assert_eq!(candle.start.ms(), 1_499_040_000_000);
        assert_eq!(volume, "148976.11427815");
    }

    #[test]
    fn a_row_that_is_no_candle_of_the_interval_is_refused() {
        assert_eq!(
            read(&ROW.replace("40000000,", "40060000,"), Interval::OneDay),
            None
        );
        assert_eq!(
            read(&ROW.replace("0.80000000", "0.00000000"), Interval::OneDay),
            None
        );
        assert_eq!(
            read(&ROW.replace("148976.", "-148976."), Interval::OneDay),
            None
        );
        assert_eq!(read(&ROW.replace(r#","0"]"#, "]"), Interval::OneDay), None);
    }

    #[test]
    fn a_volume_has_no_zeros_at_its_end_and_may_be_large() {
        for (volume, expected) in [
            ("12.50000000", Some("12.5")),
            ("0.00000000", Some("0")),
            ("700", Some("700")),
            (
                "98765432109876543210.00000001",
                Some("98765432109876543210.00000001"),
            ),
            (".5", None),
            ("1e5", None),
            ("", None),
        ] {
            assert_eq!(shortened(volume).as_deref(), expected, "{volume}");
        }
    }
}
