//! The control interface over HTTP, as other programs use it.

use exchange::{Config, Exchange, Shape, Source};
use serde_json::{Value, json};

use crate::listener::{Listener, by_hand};

async fn post(exchange: &Exchange, path: &str, body: Value) -> (u16, Value) {
    let url = format!("{}{path}", exchange.control_url());
    let answer = reqwest::Client::new()
        .post(url)
        .header("content-type", "application/json")
        .body(body.to_string())
        .send()
        .await
        .unwrap();
    let status = answer.status().as_u16();
    (
        status,
        serde_json::from_str(&answer.text().await.unwrap()).unwrap_or_default(),
    )
}

#[tokio::test]
async fn a_trade_made_by_hand_is_heard() {
    let exchange = by_hand().await;
    let mut listener = Listener::connect(&exchange, "/stream?streams=btcusdt@trade").await;
    listener
        .ask(r#"{"method":"LIST_SUBSCRIPTIONS","id":1}"#)
        .await;
    let order = json!({ "symbol": "BTCUSDT", "price": "95.5", "quantity": "0.25" });
    let (status, made) = post(&exchange, "/control/trade", order).await;
    assert_eq!((status, made["id"].as_i64()), (200, Some(1)));
    let heard = listener.json().await;
    assert_eq!(
        (heard["data"]["p"].as_str(), heard["data"]["q"].as_str()),
        (Some("95.50000000"), Some("0.25000000"))
    );
    let unknown = json!({ "symbol": "NONE", "price": "1" });
    assert_eq!(post(&exchange, "/control/trade", unknown).await.0, 404);
    let float = json!({ "symbol": "BTCUSDT", "price": 95.5 });
    assert_eq!(post(&exchange, "/control/trade", float).await.0, 422);
}

#[tokio::test]
async fn a_jump_made_by_hand_lasts_in_a_synthetic_market_and_pausing_stops_it() {
    let still = Shape {
        jump_at_s: 0,
        jump_every_s: 0,
        ..Shape::default()
    };
    let config = Config {
        source: Source::Synthetic(still),
        ..Config::default()
    };
    let exchange = Exchange::start(config).await.unwrap();
    let mut listener = Listener::connect(&exchange, "/stream?streams=btcusdt@trade").await;
    let price = |frame: Value| {
        frame["data"]["p"]
            .as_str()
            .unwrap()
            .parse::<exchange::Amount>()
            .unwrap()
    };
    let before = price(listener.json().await).units();
    let order = json!({ "symbol": "BTCUSDT", "bps": -500 });
    let (_, made) = post(&exchange, "/control/jump", order).await;
    let jumped = made["id"].as_i64().unwrap();
    while listener.json().await["data"]["t"].as_i64().unwrap() != jumped {}
    for _ in 0..5 {
        let bps = (price(listener.json().await).units() - before) * 10_000 / before;
        assert!((-600..-400).contains(&bps), "{bps}");
    }
    assert_eq!(
        post(&exchange, "/control/pause", json!({ "paused": true }))
            .await
            .0,
        204
    );
    let (_, last) = post(
        &exchange,
        "/control/trade",
        json!({ "symbol": "BTCUSDT", "price": "7" }),
    )
    .await;
    while listener.json().await["data"]["t"] != last["id"] {}
    assert_eq!(
        exchange.trade("BTCUSDT", "7".parse().unwrap()).unwrap().id,
        last["id"].as_i64().unwrap() + 1
    );
}

#[tokio::test]
async fn faults_are_ordered_by_name_and_unknown_ones_refused() {
    let exchange = by_hand().await;
    for fault in [
        json!("drop"),
        json!("out_of_order"),
        json!({ "gap": { "count": 3 } }),
        json!({ "malformed": {} }),
        json!({ "silent": { "on": false } }),
    ] {
        assert_eq!(
            post(&exchange, "/control/faults", fault.clone()).await.0,
            204,
            "{fault}"
        );
    }
    assert_eq!(
        post(&exchange, "/control/faults", json!({ "sneeze": {} }))
            .await
            .0,
        422
    );
}

#[tokio::test]
async fn both_ports_say_that_they_are_ready() {
    let exchange = by_hand().await;
    for url in [exchange.rest_url(), exchange.control_url()] {
        assert!(
            reqwest::get(format!("{url}/readyz"))
                .await
                .unwrap()
                .status()
                .is_success()
        );
    }
}
