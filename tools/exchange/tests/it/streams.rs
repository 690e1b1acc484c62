//! What a client hears, and how it asks for it.

use exchange::{Config, Exchange};

use crate::listener::{Listener, by_hand, price};

#[tokio::test]
async fn a_combined_stream_wraps_and_a_raw_one_does_not() {
    let exchange = by_hand().await;
    let mut combined =
        Listener::connect(&exchange, "/stream?streams=btcusdt@trade/ethusdt@trade").await;
    let mut raw = Listener::connect(&exchange, "/ws/ethusdt@trade").await;
    combined
        .ask(r#"{"method":"LIST_SUBSCRIPTIONS","id":1}"#)
        .await;
    raw.ask(r#"{"method":"LIST_SUBSCRIPTIONS","id":1}"#).await;
    exchange.trade("BTCUSDT", price("61837.63")).unwrap();
    exchange.trade("ETHUSDT", price("2683.8")).unwrap();
    let first = combined.json().await;
    assert_eq!(first["stream"], "btcusdt@trade");
    assert_eq!(first["data"]["p"], "61837.63000000");
    assert_eq!(combined.json().await["stream"], "ethusdt@trade");
    let heard = raw.json().await;
    assert_eq!(
        (heard["e"].as_str(), heard["s"].as_str()),
        (Some("trade"), Some("ETHUSDT"))
    );
}

#[tokio::test]
async fn a_client_may_subscribe_later_and_leave_again() {
    let exchange = by_hand().await;
    let mut listener = Listener::connect(&exchange, "/ws").await;
    let answer = listener
        .ask(r#"{"method":"SUBSCRIBE","params":["btcusdt@trade"],"id":7}"#)
        .await;
    assert_eq!(
        (answer["result"].is_null(), answer["id"].as_i64()),
        (true, Some(7))
    );
    exchange.trade("BTCUSDT", price("1")).unwrap();
    assert_eq!(listener.json().await["t"], 1);
    listener
        .ask(r#"{"method":"UNSUBSCRIBE","params":["btcusdt@trade"],"id":8}"#)
        .await;
    exchange.trade("BTCUSDT", price("2")).unwrap();
    listener
        .ask(r#"{"method":"SUBSCRIBE","params":["btcusdt@trade"],"id":9}"#)
        .await;
    exchange.trade("BTCUSDT", price("3")).unwrap();
    assert_eq!(listener.json().await["t"], 3);
}

#[tokio::test]
async fn ids_rise_across_a_restart() {
    let mut ids = Vec::new();
    for _run in 0..2 {
        let exchange = Exchange::start(Config::default()).await.unwrap();
        for _trade in 0..3 {
            ids.push(exchange.trade("BTCUSDT", price("1")).unwrap().id);
        }
        exchange.stop().await;
    }
    assert!(ids.windows(2).all(|pair| pair[0] < pair[1]), "{ids:?}");
}
