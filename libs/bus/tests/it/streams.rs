//! Declaring and checking streams, and keeping prefixes apart.

use bus::{Bus, BusError, PublishOptions};
use contracts::market::Tick;
use contracts::{Key, Message, Stream};

use crate::corner::{Corner, settings, tick};

#[tokio::test]
async fn streams_that_were_declared_pass_the_check_and_declaring_again_is_harmless() {
    let corner = Corner::new().await;
    corner.bus.check_streams(&Stream::ALL).await.unwrap();
    corner.bus.publish(&tick(1), "1").await.unwrap();
    corner.bus.declare_streams().await.unwrap();
    assert_eq!(corner.bus.bounds(Stream::Market).await.unwrap().last, 1);
}

#[tokio::test]
async fn a_stream_that_is_missing_is_named() {
    let corner = Corner::new().await;
    let name = corner.stream("MARKET");
    corner.raw().await.delete_stream(&name).await.unwrap();
    let refused = corner
        .bus
        .check_streams(&[Stream::Arena, Stream::Market])
        .await;
    assert!(matches!(refused, Err(BusError::StreamMissing { stream }) if stream == name));
}

#[tokio::test]
async fn a_field_that_differs_is_named_and_declaring_mends_it() {
    let corner = Corner::new().await;
    let raw = corner.raw().await;
    let mut config = raw
        .get_stream(corner.stream("MARKET"))
        .await
        .unwrap()
        .cached_info()
        .config
        .clone();
    config.allow_direct = false;
    raw.update_stream(&config).await.unwrap();

    let refused = corner
        .bus
        .check_streams(&[Stream::Market])
        .await
        .unwrap_err();
    let line = refused.to_string();
    assert!(
        line.contains("MARKET has allow_direct false, expected true"),
        "{line}"
    );

    corner.bus.declare_streams().await.unwrap();
    corner.bus.check_streams(&[Stream::Market]).await.unwrap();
}

#[tokio::test]
async fn two_prefixes_on_one_server_never_meet() {
    let (one, other) = (Corner::new().await, Corner::new().await);
    one.bus.publish(&tick(1), "1").await.unwrap();
    assert_eq!(other.bus.bounds(Stream::Market).await.unwrap().last, 0);
    let last = other.bus.last::<Tick>(&tick(1).key()).await.unwrap();
    assert_eq!(last, None);
}

#[tokio::test]
async fn a_message_is_stored_once_within_the_dedupe_and_can_be_read_back() {
    let corner = Corner::new().await;
    let first = corner.bus.publish(&tick(7), "7").await.unwrap();
    let again = corner.bus.publish(&tick(7), "7").await.unwrap();
    assert_eq!((first.sequence, first.duplicate), (1, false));
    assert_eq!((again.sequence, again.duplicate), (1, true));
    let symbol = "BTCUSDT".parse().unwrap();
    let last = corner
        .bus
        .last::<Tick>(&Key::from(&symbol))
        .await
        .unwrap()
        .unwrap();
    assert_eq!((last.sequence, last.message), (1, tick(7)));
}

#[tokio::test]
async fn a_guard_refuses_whoever_did_not_see_the_last_message() {
    let corner = Corner::new().await;
    let after = |sequence| PublishOptions {
        expected_last_sequence: Some(sequence),
        ..PublishOptions::default()
    };
    corner
        .bus
        .publish_with(&tick(1), "1", after(0))
        .await
        .unwrap();
    let refused = corner.bus.publish_with(&tick(2), "2", after(0)).await;
    assert!(matches!(refused, Err(BusError::WrongLastSequence)));
    corner
        .bus
        .publish_with(&tick(2), "3", after(1))
        .await
        .unwrap();
}

#[tokio::test]
async fn a_server_that_does_not_answer_is_named_without_its_password() {
    let port = testkit::free_port();
    let url = format!("nats://user:secret@127.0.0.1:{port}");
    let refused = Bus::connect(&settings(&url, ""), "test").await.unwrap_err();
    assert_eq!(
        refused.to_string(),
        format!("cannot connect to nats at 127.0.0.1:{port}")
    );
}
