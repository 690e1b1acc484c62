//! What comes out when the exchange behaves.

use exchange::Config;

use crate::reader::Said;
use crate::scene::Scene;

#[tokio::test]
async fn every_trade_is_a_tick_to_the_last_digit() {
    let scene = Scene::new().await;
    let market = scene.market().await;
    let mut reader = scene.reader().await;
    scene.trade("61837.63000001");
    scene.trade("61837.64");
    assert_eq!(reader.tick(1).await.price.units(), 6_183_763_000_001);
    assert_eq!(reader.tick(2).await.symbol.as_str(), "BTCUSDT");
    reader.assert_flawless();
    market.stop().await;
}

#[tokio::test]
async fn the_offset_comes_first_and_watermarks_follow_the_exchanges_clock() {
    let skew_ms = 60_000;
    let scene = Scene::with(Config {
        clock_skew_ms: skew_ms,
        ..Config::default()
    })
    .await;
    let market = scene.market().await;
    let mut reader = scene.reader().await;
    let Said::Offset(offset) = reader.next().await else {
        panic!("expected the offset first")
    };
    let skew_ns = skew_ms * 1_000_000;
    assert!(
        (offset.offset_ns - skew_ns).abs() < 1_000_000_000,
        "{offset:?}"
    );
    let first = reader.watermark().await;
    for _later in 0..4 {
        reader.watermark().await;
    }
    let last = reader.watermark().await;
    let apart_ms = last.time.ms() - first.time.ms();
    assert!(
        (1_000..2_500).contains(&apart_ms),
        "five waits of 250 ms, not {apart_ms} ms"
    );
    let ahead_ms = last.time.ms() - runtime::Clock::system().now_ms();
    assert!((55_000..=59_500).contains(&ahead_ms), "{ahead_ms}");
    market.stop().await;
}

#[tokio::test]
async fn a_confirmed_jump_counts_and_a_lonely_spike_does_not() {
    let scene = Scene::new().await;
    let market = scene.market().await;
    let mut reader = scene.reader().await;
    for price in ["100", "110", "101", "120", "121"] {
        scene.trade(price);
    }
    assert_eq!(reader.note().await.trade_id, 2);
    reader.tick(5).await;
    assert_eq!(reader.ids(), [1, 3, 4, 5]);
    market.stop().await;
}

#[tokio::test]
async fn an_unopposed_jump_counts_after_two_seconds_and_no_watermark_passes_it() {
    let scene = Scene::new().await;
    let market = scene.market().await;
    let mut reader = scene.reader().await;
    scene.trade("100");
    reader.tick(1).await;
    scene.trade("110");
    let jump = reader.tick(2).await;
    reader.assert_flawless();
    let Said::Tick(last) = reader.said.last().unwrap() else {
        panic!("expected the jump last")
    };
    assert_eq!(*last, jump);
    market.stop().await;
}

#[tokio::test]
async fn a_symbol_that_traded_before_we_came_has_its_last_price_at_once() {
    let scene = Scene::new().await;
    scene.trade("99");
    scene.trade("100");
    let market = scene.market().await;
    let mut reader = scene.reader().await;
    assert_eq!(reader.tick(2).await.price.units(), 100_00000000);
    assert_eq!(reader.ids(), [2]);
    market.stop().await;
}
