//! Going on after a stop, a kill, an outage of NATS.

use std::time::Duration;

use testkit::{Binary, Server, Signal, Space, eventually};

use crate::reader::LIMIT;
use crate::scene::Scene;

#[tokio::test]
async fn a_restarted_market_goes_on_where_the_stream_ends() {
    let scene = Scene::new().await;
    let mut reader = scene.reader().await;
    let market = scene.market().await;
    scene.trade("100");
    reader.tick(1).await;
    market.stop().await;
    scene.trade("101");
    scene.trade("102");
    let market = scene.market().await;
    scene.trade("103");
    reader.tick(4).await;
    assert_eq!(reader.ids(), [1, 2, 3, 4]);
    assert_eq!(reader.epochs().len(), 2);
    reader.assert_flawless();
    market.stop().await;
}

#[tokio::test]
async fn a_killed_market_goes_on_too() {
    let scene = Scene::new().await;
    let mut reader = scene.reader().await;
    let mut binary = Binary::service("market");
    for (name, value) in scene.environment() {
        binary = binary.setting(name, value);
    }
    let mut process = binary.start_ready().await;
    for _trade in 0..50 {
        scene.trade("100");
    }
    reader.tick(1).await;
    process.kill().await;
    for _trade in 0..50 {
        scene.trade("100");
    }
    let mut process = binary.start_ready().await;
    let last = scene.trade("100");
    reader.tick(last).await;
    assert_eq!(reader.ids(), (1..=101).collect::<Vec<_>>());
    reader.assert_flawless();
    assert!(process.terminate().await.success());
}

#[tokio::test]
async fn a_market_that_was_not_run_for_a_second_finds_no_trade_late() {
    let scene = Scene::new().await;
    let mut reader = scene.reader().await;
    let mut binary = Binary::service("market");
    for (name, value) in scene.environment() {
        binary = binary.setting(name, value);
    }
    // Long enough that a silent stream is still trusted.
    binary = binary.setting("feed.freshness_ms", "3000");
    let mut process = binary.start_ready().await;
    scene.trade("100");
    reader.tick(1).await;
    for _time in 0..5 {
        process.signal(Signal::SIGSTOP);
        let last = scene.trade("100");
        // Longer than a watermark stays behind the clock, and less than a lease lasts.
        reader.hear_for(Duration::from_millis(1_500)).await;
        process.signal(Signal::SIGCONT);
        reader.tick(last).await;
    }
    reader.assert_flawless();
    assert!(process.terminate().await.success());
}

#[tokio::test]
async fn an_outage_of_nats_loses_nothing() {
    let mut nats = Server::nats().await;
    let space = Space::on(nats.url().to_string(), testkit::redis_url());
    let scene = Scene::on(space, exchange::Config::default()).await;
    let mut reader = scene.reader().await;
    let market = scene.market().await;
    scene.trade("100");
    reader.tick(1).await;
    nats.kill().await;
    eventually(LIMIT, async || market.failing().contains(&"nats")).await;
    scene.trade("101");
    nats.start().await;
    scene.trade("102");
    reader.tick(3).await;
    assert_eq!(reader.ids(), [1, 2, 3]);
    eventually(LIMIT, async || market.is_ready()).await;
    market.stop().await;
}
