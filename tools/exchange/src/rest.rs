//! The exchange's REST interface, as far as anybody here asks for it.

use std::sync::Arc;

use axum::extract::{Query, Request, State};
use axum::http::StatusCode;
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::task::spawn_blocking;

use crate::amount::Amount;
use crate::kline::{Asked, Interval, Kline};
use crate::listing::Listing;
use crate::tape::Day;
use crate::trade::Trade;
use crate::venue::Venue;

/// Trades or klines in one answer, unless fewer are asked for.
const DEFAULT_LIMIT: usize = 500;
/// The most trades or klines in one answer.
const MAX_LIMIT: usize = 1000;

pub(crate) fn routes(venue: Arc<Venue>) -> Router {
    Router::new()
        .route("/api/v3/ping", get(|| async { Json(json!({})) }))
        .route("/api/v3/time", get(time))
        .route("/api/v3/exchangeInfo", get(exchange_info))
        .route("/api/v3/historicalTrades", get(historical_trades))
        .route("/api/v3/trades", get(historical_trades))
        .route("/api/v3/ticker/24hr", get(day))
        .route("/api/v3/klines", get(klines))
        .layer(from_fn_with_state(Arc::clone(&venue), refuse_while_down))
        .with_state(venue)
}

async fn refuse_while_down(
    State(venue): State<Arc<Venue>>,
    request: Request,
    next: Next,
) -> Response {
    if venue.mood().borrow().rest_down {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    }
    next.run(request).await
}

/// A refusal, with the exchange's code and text.
struct Refused(i32, &'static str);

const NO_SYMBOL: Refused = Refused(
    -1102,
    "Mandatory parameter 'symbol' was not sent, was empty/null, or malformed.",
);
const INVALID_SYMBOL: Refused = Refused(-1121, "Invalid symbol.");
const NO_INTERVAL: Refused = Refused(
    -1102,
    "Mandatory parameter 'interval' was not sent, was empty/null, or malformed.",
);
const INVALID_INTERVAL: Refused = Refused(-1120, "Invalid interval.");
const INVALID_LIST: Refused = Refused(
    -1100,
    "Illegal characters found in parameter 'symbols'; legal range is '^\\[.*\\]$'.",
);

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        (
            StatusCode::BAD_REQUEST,
            Json(json!({ "code": self.0, "msg": self.1 })),
        )
            .into_response()
    }
}

async fn time(State(venue): State<Arc<Venue>>) -> Json<Value> {
    Json(json!({ "serverTime": venue.clock.now_ms() }))
}

/// `symbol=BTCUSDT` or `symbols=["BTCUSDT","ETHUSDT"]`.
#[derive(Deserialize)]
struct Symbols {
    symbol: Option<String>,
    symbols: Option<String>,
}

impl Symbols {
    /// The listings asked for; all of them when none is named.
    fn find(&self, venue: &Venue) -> Result<Vec<Listing>, Refused> {
        let named: Vec<String> = match (&self.symbol, &self.symbols) {
            (Some(symbol), _) => vec![symbol.clone()],
            (None, Some(list)) => serde_json::from_str(list).or(Err(INVALID_LIST))?,
            (None, None) => return Ok(venue.listings()),
        };
        let listings = venue.listings();
        let find = |symbol: &String| {
            listings
                .iter()
                .find(|listing| listing.symbol == *symbol)
                .cloned()
                .ok_or(INVALID_SYMBOL)
        };
        named.iter().map(find).collect()
    }
}

async fn exchange_info(
    State(venue): State<Arc<Venue>>,
    Query(symbols): Query<Symbols>,
) -> Result<Json<Value>, Refused> {
    let listings = symbols.find(&venue)?;
    Ok(Json(json!({
        "timezone": "UTC",
        "serverTime": venue.clock.now_ms(),
        "rateLimits": [],
        "exchangeFilters": [],
        "symbols": listings.iter().map(describe).collect::<Vec<_>>(),
    })))
}

fn describe(listing: &Listing) -> Value {
    json!({
        "symbol": listing.symbol,
        "status": "TRADING",
        "baseAsset": listing.base,
        "baseAssetPrecision": 8,
        "quoteAsset": listing.quote,
        "quotePrecision": 8,
        "filters": [
            { "filterType": "PRICE_FILTER", "minPrice": listing.tick_size, "maxPrice": "1000000.00000000", "tickSize": listing.tick_size },
            { "filterType": "LOT_SIZE", "minQty": "0.00001000", "maxQty": "9000.00000000", "stepSize": "0.00001000" },
        ],
    })
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct HistoryQuery {
    symbol: Option<String>,
    from_id: Option<i64>,
    limit: Option<usize>,
}

async fn historical_trades(
    State(venue): State<Arc<Venue>>,
    Query(query): Query<HistoryQuery>,
) -> Result<Json<Vec<Value>>, Refused> {
    let symbol = query.symbol.ok_or(NO_SYMBOL)?;
    let limit = query.limit.unwrap_or(DEFAULT_LIMIT).min(MAX_LIMIT);
    let trades = venue
        .history(&symbol, query.from_id, limit)
        .ok_or(INVALID_SYMBOL)?;
    Ok(Json(trades.iter().map(past_trade).collect()))
}

fn past_trade(trade: &Trade) -> Value {
    let quote = i128::from(trade.price.units()) * i128::from(trade.quantity.units());
    json!({
        "id": trade.id,
        "price": trade.price,
        "qty": trade.quantity,
        "quoteQty": wide(quote / i128::from(Amount::SCALE)),
        "time": trade.time_ms,
        "isBuyerMaker": trade.buyer_is_maker,
        "isBestMatch": true,
    })
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct KlinesQuery {
    symbol: Option<String>,
    interval: Option<String>,
    start_time: Option<i64>,
    end_time: Option<i64>,
    limit: Option<usize>,
}

async fn klines(
    State(venue): State<Arc<Venue>>,
    Query(query): Query<KlinesQuery>,
) -> Result<Response, Refused> {
    let symbol = query.symbol.ok_or(NO_SYMBOL)?;
    let interval = query.interval.ok_or(NO_INTERVAL)?;
    let interval = Interval::of(&interval).ok_or(INVALID_INTERVAL)?;
    let series = venue.series(&symbol, interval).ok_or(INVALID_SYMBOL)?;
    let limit = query.limit.unwrap_or(DEFAULT_LIMIT).clamp(1, MAX_LIMIT);
    let asked = Asked {
        interval,
        from_ms: query.start_time,
        to_ms: query.end_time,
        limit: i64::try_from(limit).unwrap_or(i64::MAX),
    };
    // Days of a made-up past are many minutes.
    let rows = spawn_blocking(move || -> Vec<Value> {
        let klines = series.klines(&asked);
        klines.iter().map(|it| row(it, interval)).collect()
    });
    Ok(match rows.await {
        Ok(rows) => Json(rows).into_response(),
        Err(error) => {
            tracing::error!(%error, "klines could not be made");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    })
}

fn row(kline: &Kline, interval: Interval) -> Value {
    json!([
        kline.open_ms,
        kline.open,
        kline.high,
        kline.low,
        kline.close,
        wide(kline.volume),
        kline.open_ms + interval.length_ms() - 1,
        wide(kline.quote_volume),
        kline.trades,
        wide(kline.taker_volume),
        wide(kline.taker_quote_volume),
        "0",
    ])
}

async fn day(
    State(venue): State<Arc<Venue>>,
    Query(symbols): Query<Symbols>,
) -> Result<Json<Value>, Refused> {
    let listings = symbols.find(&venue)?;
    let mut figures = listings.iter().map(|listing| {
        let day = venue.day(&listing.symbol).unwrap_or_default();
        day_figures(&listing.symbol, &day, venue.clock.now_ms())
    });
    match symbols.symbol {
        Some(_) => figures.next().map(Json).ok_or(INVALID_SYMBOL),
        None => Ok(Json(figures.collect())),
    }
}

fn day_figures(symbol: &str, day: &Day, now_ms: i64) -> Value {
    let units = |trade: &Option<Trade>| trade.as_ref().map_or(0, |trade| trade.price.units());
    let (open, last) = (i128::from(units(&day.open)), i128::from(units(&day.last)));
    let change = last - open;
    let average = match day.volume {
        0 => 0,
        volume => day.quote_volume * i128::from(Amount::SCALE) / volume,
    };
    json!({
        "symbol": symbol,
        "priceChange": wide(change),
        "priceChangePercent": thousandths(if open == 0 { 0 } else { change * 100_000 / open }),
        "weightedAvgPrice": wide(average),
        "openPrice": wide(open),
        "lastPrice": wide(last),
        "highPrice": wide(i128::from(day.high)),
        "lowPrice": wide(if day.count == 0 { 0 } else { i128::from(day.low) }),
        "volume": wide(day.volume),
        "quoteVolume": wide(day.quote_volume),
        "openTime": now_ms - 86_400_000,
        "closeTime": now_ms,
        "firstId": day.open.as_ref().map_or(-1, |trade| trade.id),
        "lastId": day.last.as_ref().map_or(-1, |trade| trade.id),
        "count": day.count,
    })
}

/// A signed amount of 1e-8 units that may be wider than 64 bits.
fn wide(units: i128) -> String {
    let scale = u128::from(Amount::SCALE.unsigned_abs());
    let sign = if units < 0 { "-" } else { "" };
    let size = units.unsigned_abs();
    format!("{sign}{}.{:08}", size / scale, size % scale)
}

fn thousandths(units: i128) -> String {
    let sign = if units < 0 { "-" } else { "" };
    let size = units.unsigned_abs();
    format!("{sign}{}.{:03}", size / 1000, size % 1000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signed_figures_print_with_their_places() {
        assert_eq!(wide(-150_000_000), "-1.50000000");
        assert_eq!(thousandths(-1_234), "-1.234");
    }
}
