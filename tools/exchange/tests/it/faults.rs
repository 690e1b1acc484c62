//! Every way to misbehave, as a client meets it.

use exchange::{Exchange, Fault};
use serde_json::Value;

use crate::listener::{Listener, by_hand, price};

async fn heard(exchange: &Exchange) -> Listener {
    let mut listener = Listener::connect(exchange, "/stream?streams=btcusdt@trade").await;
    listener
        .ask(r#"{"method":"LIST_SUBSCRIPTIONS","id":1}"#)
        .await;
    listener
}

fn trade(exchange: &Exchange) {
    exchange.trade("BTCUSDT", price("100")).unwrap();
}

async fn rest(exchange: &Exchange, path: &str) -> (u16, Value) {
    let answer = reqwest::get(format!("{}{path}", exchange.rest_url()))
        .await
        .unwrap();
    let status = answer.status().as_u16();
    (
        status,
        serde_json::from_str(&answer.text().await.unwrap()).unwrap_or_default(),
    )
}

#[tokio::test]
async fn a_malformed_frame_comes_between_the_good_ones() {
    let exchange = by_hand().await;
    let mut listener = heard(&exchange).await;
    exchange.misbehave(Fault::Malformed { text: None });
    trade(&exchange);
    assert!(serde_json::from_str::<Value>(&listener.text().await).is_err());
    assert_eq!(listener.trade_id().await, 1);
}

#[tokio::test]
async fn trades_are_sent_twice_and_out_of_order_as_told() {
    let exchange = by_hand().await;
    let mut listener = heard(&exchange).await;
    exchange.misbehave(Fault::Duplicate { count: 1 });
    trade(&exchange);
    exchange.misbehave(Fault::OutOfOrder);
    (0..3).for_each(|_| trade(&exchange));
    let mut ids = Vec::new();
    for _ in 0..5 {
        ids.push(listener.trade_id().await);
    }
    assert_eq!(ids, [1, 1, 3, 2, 4]);
}

#[tokio::test]
async fn a_gap_can_be_filled_over_rest_and_lost_ids_cannot() {
    let exchange = by_hand().await;
    let mut listener = heard(&exchange).await;
    exchange.misbehave(Fault::Gap { count: 2 });
    (0..3).for_each(|_| trade(&exchange));
    assert_eq!(listener.trade_id().await, 3);
    exchange.misbehave(Fault::LostIds { count: 5 });
    trade(&exchange);
    assert_eq!(listener.trade_id().await, 9);
    let (_, past) = rest(
        &exchange,
        "/api/v3/historicalTrades?symbol=BTCUSDT&fromId=1",
    )
    .await;
    let ids: Vec<_> = past
        .as_array()
        .unwrap()
        .iter()
        .map(|t| t["id"].as_i64().unwrap())
        .collect();
    assert_eq!(ids, [1, 2, 3, 9]);
}

#[tokio::test]
async fn a_late_trade_is_dated_back() {
    let exchange = by_hand().await;
    let mut listener = heard(&exchange).await;
    exchange.misbehave(Fault::Late {
        ms: 10_000,
        count: 1,
    });
    (0..2).for_each(|_| trade(&exchange));
    let late = listener.json().await["data"]["T"].as_i64().unwrap();
    let present = listener.json().await["data"]["T"].as_i64().unwrap();
    assert!(present - late >= 10_000);
}

#[tokio::test]
async fn a_dropped_client_may_come_back() {
    let exchange = by_hand().await;
    let mut listener = heard(&exchange).await;
    exchange.misbehave(Fault::Drop);
    while listener.message().await.is_some() {}
    heard(&exchange).await;
}

#[tokio::test]
async fn a_silent_exchange_trades_on_unheard() {
    let exchange = by_hand().await;
    let mut listener = heard(&exchange).await;
    exchange.misbehave(Fault::Silent { on: true });
    trade(&exchange);
    exchange.misbehave(Fault::Silent { on: false });
    trade(&exchange);
    assert_eq!(listener.trade_id().await, 2);
}

#[tokio::test]
async fn rest_and_new_connections_can_be_refused() {
    let exchange = by_hand().await;
    exchange.misbehave(Fault::RestDown { on: true });
    exchange.misbehave(Fault::Refuse { on: true });
    assert_eq!(rest(&exchange, "/api/v3/time").await.0, 503);
    let url = format!("{}/ws", exchange.stream_url());
    assert!(tokio_tungstenite::connect_async(&url).await.is_err());
    exchange.misbehave(Fault::RestDown { on: false });
    exchange.misbehave(Fault::Refuse { on: false });
    assert_eq!(rest(&exchange, "/api/v3/time").await.0, 200);
    assert!(tokio_tungstenite::connect_async(&url).await.is_ok());
}
