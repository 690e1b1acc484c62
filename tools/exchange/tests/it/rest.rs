//! The REST interface.

use exchange::{Config, Exchange};
use serde_json::Value;

use crate::listener::{by_hand, price};

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
