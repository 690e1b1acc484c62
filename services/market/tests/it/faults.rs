//! What comes out when the exchange does not behave.

use std::time::Duration;

use contracts::market::{Note, NoteKind, Tick};
use exchange::{Config, Fault, Shape, Source};
use metrics_exporter_prometheus::PrometheusBuilder;
use runtime::Clock;
use testkit::eventually;

use crate::reader::{LIMIT, Said};
use crate::scene::Scene;

#[tokio::test]
async fn malformed_frames_are_counted_and_skipped() {
    // Counts for this thread alone, which is where the whole of this test's market runs.
    let recorder = PrometheusBuilder::new().build_recorder();
    let _counting = metrics::set_default_local_recorder(&recorder);
    let scene = Scene::new().await;
    let market = scene.market().await;
    let mut reader = scene.reader().await;
    scene.trade("100");
    let zero = r#"{"stream":"btcusdt@trade","data":{"e":"trade","E":1,"s":"BTCUSDT","t":2,"p":"0.0","q":"1","T":1,"m":true,"M":true}}"#;
    let stranger = zero.replace("BTCUSDT", "DOGEUSDT");
    let future = zero
        .replace("0.0", "100.0")
        .replace(r#""T":1"#, r#""T":99999999999999"#);
    for text in [None, Some(zero.to_owned()), Some(stranger), Some(future)] {
        scene.exchange.misbehave(Fault::Malformed { text });
    }
    scene.trade("100");
    reader.tick(2).await;
    assert_eq!(reader.ids(), [1, 2]);
    reader.assert_flawless();
    let page = recorder.handle().render();
    let counted = "battlesbit_market_malformed_frames_total 4";
    assert!(page.lines().any(|line| line == counted), "{page}");
    market.stop().await;
}

#[tokio::test]
async fn duplicates_and_disorder_leave_no_trace() {
    let scene = Scene::new().await;
    let market = scene.market().await;
    let mut reader = scene.reader().await;
    scene.trade("100");
    scene.exchange.misbehave(Fault::Duplicate { count: 3 });
    (0..3).for_each(|_| {
        scene.trade("100");
    });
    scene.exchange.misbehave(Fault::OutOfOrder);
    (0..2).for_each(|_| {
        scene.trade("100");
    });
    reader.tick(6).await;
    assert_eq!(reader.ids(), [1, 2, 3, 4, 5, 6]);
    reader.assert_flawless();
    market.stop().await;
}

#[tokio::test]
async fn a_gap_is_filled_over_rest_before_later_ticks() {
    let scene = Scene::new().await;
    let market = scene.market().await;
    let mut reader = scene.reader().await;
    scene.trade("100");
    reader.tick(1).await;
    scene.exchange.misbehave(Fault::Gap { count: 5 });
    for price in ["101", "102", "103", "104", "105", "106"] {
        scene.trade(price);
    }
    assert_eq!(reader.tick(7).await.price.units(), 106_00000000);
    assert_eq!(reader.ids(), [1, 2, 3, 4, 5, 6, 7]);
    reader.assert_flawless();
    market.stop().await;
}

#[tokio::test]
async fn a_gap_that_cannot_be_filled_is_recorded_and_publishing_goes_on() {
    let scene = Scene::new().await;
    let market = scene.market().await;
    let mut reader = scene.reader().await;
    scene.trade("100");
    scene.exchange.misbehave(Fault::LostIds { count: 4 });
    scene.trade("100");
    assert_eq!(reader.gap().await, (2, 5));
    reader.tick(6).await;
    scene.exchange.misbehave(Fault::RestDown { on: true });
    scene.exchange.misbehave(Fault::Gap { count: 1 });
    scene.trade("100");
    scene.trade("100");
    assert_eq!(reader.gap().await, (7, 7));
    reader.tick(8).await;
    assert_eq!(reader.ids(), [1, 6, 8]);
    market.stop().await;
}

#[tokio::test]
async fn a_late_trade_is_noted_and_never_counts() {
    let scene = Scene::new().await;
    let market = scene.market().await;
    let mut reader = scene.reader().await;
    scene.trade("100");
    reader.watermark().await;
    scene.exchange.misbehave(Fault::Late {
        ms: 60_000,
        count: 1,
    });
    scene.trade("100");
    let note = reader.note().await;
    assert_eq!((note.trade_id, note.kind), (2, NoteKind::Late));
    scene.trade("100");
    reader.tick(3).await;
    assert_eq!(reader.ids(), [1, 3]);
    market.stop().await;
}

#[tokio::test]
async fn what_was_traded_while_the_line_was_down_is_not_lost() {
    let scene = Scene::new().await;
    let market = scene.market_with(&[("feed.freshness_ms", "60000")]).await;
    let mut reader = scene.reader().await;
    scene.trade("100");
    reader.tick(1).await;
    scene.exchange.misbehave(Fault::Refuse { on: true });
    scene.exchange.misbehave(Fault::Drop);
    eventually(LIMIT, async || market.failing() == ["exchange"]).await;
    for price in ["101", "102", "103"] {
        scene.trade(price);
    }
    // Long enough for a watermark to close the moment of these trades, if one came.
    let clock = Clock::system();
    let traded_ms = clock.now_ms();
    eventually(LIMIT, async || clock.now_ms() > traded_ms + 1_500).await;
    scene.exchange.misbehave(Fault::Refuse { on: false });
    reader.tick(4).await;
    assert_eq!(reader.ids(), [1, 2, 3, 4]);
    reader.assert_flawless();
    eventually(LIMIT, async || market.is_ready()).await;
    market.stop().await;
}

#[tokio::test]
async fn connected_and_subscribed_is_not_alive() {
    let scene = Scene::new().await;
    let market = scene.market().await;
    let mut reader = scene.reader().await;
    scene.trade("100");
    reader.tick(1).await;
    let lines = scene.exchange.connections_made();
    scene.exchange.misbehave(Fault::Silent { on: true });
    scene.trade("101");
    // Found over REST; a watermark may have closed its moment by then.
    reader
        .until(|said| match said {
            Said::Tick(Tick { trade_id, .. }) | Said::Note(Note { trade_id, .. }) => {
                (*trade_id == 2).then_some(())
            }
            Said::Watermark(_) | Said::Gap(_) | Said::Offset(_) => None,
        })
        .await;
    eventually(LIMIT, async || scene.exchange.connections_made() > lines).await;
    scene.exchange.misbehave(Fault::Silent { on: false });
    scene.trade("102");
    reader.tick(3).await;
    market.stop().await;
}

#[tokio::test]
async fn a_line_that_answers_no_ping_is_given_up() {
    let scene = Scene::new().await;
    let market = scene
        .market_with(&[("exchange.dead_after_ms", "400")])
        .await;
    let mut reader = scene.reader().await;
    scene.trade("100");
    reader.tick(1).await;
    scene.exchange.misbehave(Fault::Deaf { on: true });
    eventually(LIMIT, async || market.failing() == ["exchange"]).await;
    scene.exchange.misbehave(Fault::Deaf { on: false });
    scene.trade("101");
    reader.tick(2).await;
    reader.assert_flawless();
    market.stop().await;
}

#[tokio::test]
async fn a_line_is_replaced_before_it_is_dropped() {
    let busy = Shape {
        jump_at_s: 0,
        jump_every_s: 0,
        ..Shape::default()
    };
    let config = Config {
        source: Source::Synthetic(busy),
        speed: 10.try_into().unwrap(),
        connection_age: Duration::from_secs(4),
        ..Config::default()
    };
    let scene = Scene::with(config).await;
    let market = scene
        .market_with(&[("exchange.replace_after_ms", "1000")])
        .await;
    let mut reader = scene.reader().await;
    let began = reader.watermark().await.time;
    while reader.watermark().await.time < began.plus_ms(5_000) {}
    reader.assert_flawless();
    let ids = reader.ids();
    assert!(
        ids.len() > 100 && ids.windows(2).all(|pair| pair[0] + 1 == pair[1]),
        "{ids:?}"
    );
    assert!(scene.exchange.most_connections() >= 2);
    market.stop().await;
}
