//! How connections are kept and lost: pings, slow clients, age.

use std::time::Duration;

use exchange::{Config, Exchange, Fault};
use futures::SinkExt;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::{Bytes, Message};

use crate::listener::{LIMIT, Listener, by_hand, price};

fn brisk() -> Config {
    Config {
        ping_every: Duration::from_millis(50),
        pong_within: Duration::from_millis(200),
        ..Config::default()
    }
}

/// How many clients the stand-in says are connected.
async fn clients(exchange: &Exchange) -> Option<u64> {
    let url = format!("{}/control/state", exchange.control_url());
    let state = reqwest::get(url).await.unwrap().text().await.unwrap();
    serde_json::from_str::<serde_json::Value>(&state).unwrap()["clients"].as_u64()
}

#[tokio::test]
async fn a_client_that_answers_pings_stays() {
    let exchange = Exchange::start(brisk()).await.unwrap();
    let mut listener = Listener::connect(&exchange, "/ws/btcusdt@trade").await;
    for _ping in 0..10 {
        assert!(matches!(listener.message().await, Some(Message::Ping(_))));
    }
}

#[tokio::test]
async fn a_client_that_answers_no_ping_is_dropped() {
    let exchange = Exchange::start(brisk()).await.unwrap();
    // It never reads, and pongs are sent while reading.
    let _listener = Listener::connect(&exchange, "/ws/btcusdt@trade").await;
    timeout(LIMIT, async {
        while clients(&exchange).await != Some(0) {}
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn a_connection_ends_at_its_age() {
    let age = Config {
        connection_age: Duration::from_millis(100),
        ..Config::default()
    };
    let exchange = Exchange::start(age).await.unwrap();
    let mut listener = Listener::connect(&exchange, "/ws/btcusdt@trade").await;
    while !matches!(listener.message().await, Some(Message::Close(_)) | None) {}
    timeout(LIMIT, async {
        while clients(&exchange).await != Some(0) {}
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn a_client_that_reads_too_slowly_is_dropped_and_the_others_are_not() {
    let exchange = by_hand().await;
    let mut slow = Listener::connect(&exchange, "/ws/btcusdt@trade").await;
    slow.ask(r#"{"method":"LIST_SUBSCRIPTIONS","id":1}"#).await;
    // In one go: the server's writer gets no turn, so the client's queue runs over.
    for _trade in 0..5000 {
        exchange.trade("BTCUSDT", price("1")).unwrap();
    }
    timeout(LIMIT, async { while slow.message().await.is_some() {} })
        .await
        .unwrap();
    let mut quick = Listener::connect(&exchange, "/ws/btcusdt@trade").await;
    quick.ask(r#"{"method":"LIST_SUBSCRIPTIONS","id":1}"#).await;
    exchange.trade("BTCUSDT", price("1")).unwrap();
    assert_eq!(quick.json().await["t"], 5001);
}

#[tokio::test]
async fn a_deaf_exchange_answers_no_ping_until_it_hears_again() {
    let exchange = by_hand().await;
    let mut listener = Listener::connect(&exchange, "/ws/btcusdt@trade").await;
    assert!(matches!(listener.message().await, Some(Message::Ping(_))));
    exchange.misbehave(Fault::Deaf { on: true });
    exchange.trade("BTCUSDT", price("1")).unwrap();
    listener.text().await;
    listener
        .0
        .send(Message::Ping(Bytes::from_static(b"there?")))
        .await
        .unwrap();
    exchange.trade("BTCUSDT", price("1")).unwrap();
    assert!(matches!(listener.message().await, Some(Message::Text(_))));
    exchange.misbehave(Fault::Deaf { on: false });
    assert!(matches!(listener.message().await, Some(Message::Pong(_))));
}
