//! The REST interface.

use exchange::{Config, Exchange, Source};
use serde_json::Value;
use tokio::time::timeout;

use crate::listener::{LIMIT, by_hand, price};

async fn get(exchange: &Exchange, path: &str) -> Value {
    let answer = reqwest::get(format!("{}{path}", exchange.rest_url()))
        .await
        .unwrap();
    serde_json::from_str(&answer.text().await.unwrap()).unwrap()
}

#[tokio::test]
async fn the_clock_may_be_ahead_of_this_machines() {
    let here = Exchange::start(Config::default()).await.unwrap();
    let ahead = Config {
        clock_skew_ms: 60_000,
        ..Config::default()
    };
    let there = Exchange::start(ahead).await.unwrap();
    let time = "/api/v3/time";
    let behind = get(&here, time).await["serverTime"].as_i64().unwrap();
    let ahead = get(&there, time).await["serverTime"].as_i64().unwrap();
    assert!(
        (55_000..65_000).contains(&(ahead - behind)),
        "{behind} {ahead}"
    );
}

#[tokio::test]
async fn symbols_are_listed_with_their_price_steps() {
    let exchange = by_hand().await;
    let info = get(
        &exchange,
        "/api/v3/exchangeInfo?symbols=%5B%22ETHUSDT%22%5D",
    )
    .await;
    let symbol = &info["symbols"][0];
    assert_eq!(
        (symbol["symbol"].as_str(), symbol["baseAsset"].as_str()),
        (Some("ETHUSDT"), Some("ETH"))
    );
    assert_eq!(symbol["filters"][0]["tickSize"], "0.01000000");
    assert_eq!(
        get(&exchange, "/api/v3/exchangeInfo").await["symbols"]
            .as_array()
            .unwrap()
            .len(),
        4
    );
    assert_eq!(
        get(&exchange, "/api/v3/exchangeInfo?symbol=NONE").await["code"],
        -1121
    );
}

#[tokio::test]
async fn history_is_asked_for_by_symbol_id_and_limit() {
    let exchange = by_hand().await;
    for _ in 0..5 {
        exchange.trade("BTCUSDT", price("61837.63")).unwrap();
    }
    let history = get(
        &exchange,
        "/api/v3/historicalTrades?symbol=BTCUSDT&fromId=2&limit=2",
    )
    .await;
    assert_eq!(
        (history[0]["id"].as_i64(), history[1]["id"].as_i64()),
        (Some(2), Some(3))
    );
    assert_eq!(history[0]["price"], "61837.63000000");
    assert_eq!(history.as_array().unwrap().len(), 2);
    assert_eq!(
        get(&exchange, "/api/v3/historicalTrades").await["code"],
        -1102
    );
}

#[tokio::test]
async fn the_day_shows_what_was_traded() {
    let exchange = by_hand().await;
    for traded in ["100", "120", "90"] {
        exchange.trade("BTCUSDT", price(traded)).unwrap();
    }
    let day = get(&exchange, "/api/v3/ticker/24hr?symbol=BTCUSDT").await;
    assert_eq!(day["lastPrice"], "90.00000000");
    assert_eq!(day["highPrice"], "120.00000000");
    assert_eq!(day["priceChangePercent"], "-10.000");
    assert_eq!(day["quoteVolume"], "310.00000000");
    let all = get(
        &exchange,
        "/api/v3/ticker/24hr?symbols=%5B%22BTCUSDT%22,%22SOLUSDT%22%5D",
    )
    .await;
    assert_eq!(all[1]["count"], 0);
}

/// The klines of a symbol and interval.
async fn klines(exchange: &Exchange, query: &str) -> Vec<Value> {
    let answer = get(exchange, &format!("/api/v3/klines?{query}")).await;
    answer.as_array().expect("rows").clone()
}

#[tokio::test]
async fn klines_are_what_was_traded_in_the_exchanges_columns() {
    let exchange = by_hand().await;
    for traded in ["100", "120", "90", "95"] {
        exchange.trade("BTCUSDT", price(traded)).unwrap();
    }
    let day = klines(&exchange, "symbol=BTCUSDT&interval=1d&limit=1").await;
    let row = day[0].as_array().unwrap();
    assert_eq!(row.len(), 12);
    let opened = row[0].as_i64().unwrap();
    assert_eq!(opened % 86_400_000, 0);
    assert_eq!(row[6].as_i64(), Some(opened + 86_399_999));
    assert_eq!(row[4], "95.00000000");
    assert!(row[8].as_u64().unwrap() >= 4);
    assert_eq!(row[11], "0");
    let query = format!("symbol=BTCUSDT&interval=15m&startTime={opened}&limit=3");
    let quarters = klines(&exchange, &query).await;
    assert_eq!(quarters[0][0].as_i64(), Some(opened));
    assert!((1..=3).contains(&quarters.len()));
}

#[tokio::test]
async fn a_market_has_a_past_before_its_first_trade_and_a_recording_has_none() {
    let exchange = by_hand().await;
    let query = "symbol=BTCUSDT&interval=1m&limit=2000";
    assert_eq!(klines(&exchange, query).await, Vec::<Value>::new());
    exchange.trade("BTCUSDT", price("61837.63")).unwrap();
    let rows = klines(&exchange, query).await;
    assert_eq!(rows.len(), 1000);
    assert!(
        rows.windows(2)
            .all(|pair| pair[1][0].as_i64() == pair[0][0].as_i64().map(|ms| ms + 60_000))
    );
    let met = rows.iter().filter(|row| row[4] == "61837.63000000");
    assert!(met.count() >= 2, "the last past close is the first price");

    let config = Config {
        source: Source::Recording("fixtures/seeded.frames".into()),
        speed: 200.try_into().unwrap(),
        ..Config::default()
    };
    let replayed = Exchange::start(config).await.unwrap();
    let rows = timeout(LIMIT, async {
        loop {
            let rows = klines(&replayed, query).await;
            if !rows.is_empty() {
                return rows;
            }
        }
    });
    assert!(rows.await.unwrap().len() <= 2);
}

#[tokio::test]
async fn klines_that_cannot_be_are_refused_with_the_exchanges_codes() {
    let exchange = by_hand().await;
    for (query, code) in [
        ("", -1102),
        ("symbol=BTCUSDT", -1102),
        ("interval=1m", -1102),
        ("symbol=BTCUSDT&interval=7m", -1120),
        ("symbol=NONE&interval=1m", -1121),
    ] {
        let answer = get(&exchange, &format!("/api/v3/klines?{query}")).await;
        assert_eq!(answer["code"], code, "{query}");
        assert!(answer["msg"].is_string());
    }
}
