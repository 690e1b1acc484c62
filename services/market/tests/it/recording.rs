//! Recordings, from the exchange's frames to the market stream.

use std::path::PathBuf;

use exchange::{Config, Recording, Source};

use crate::scene::Scene;

/// Names a file of recorded frames that belongs to no repository.
const FRAMES: &str = "BATTLESBIT_TEST_FRAMES";
/// Ticks that are followed.
const TICKS: usize = 300;

/// Plays a recording and compares ticks with it.
async fn plays(path: PathBuf) {
    let recorded: Vec<_> = Recording::open(&path)
        .unwrap()
        .trades
        .into_iter()
        .filter(|recorded| recorded.trade.symbol == "BTCUSDT")
        .map(|recorded| recorded.trade.price.units())
        .collect();
    let config = Config {
        source: Source::Recording(path),
        speed: 20.try_into().unwrap(),
        ..Config::default()
    };
    let scene = Scene::with(config).await;
    let market = scene.market().await;
    let mut reader = scene.reader().await;
    let mut ticks = Vec::new();
    while ticks.len() < TICKS {
        ticks.push(reader.next_tick().await);
    }
    // Where everything is slow the exchange itself may send a trade late.
    reader.assert_honest();
    for tick in &ticks {
        let place = usize::try_from(tick.trade_id - 1).unwrap() % recorded.len();
        assert_eq!(tick.price.units(), recorded[place], "{tick:?}");
    }
    let ids = reader.ids_and_late();
    assert!(ids.windows(2).all(|pair| pair[0] + 1 == pair[1]), "{ids:?}");
    market.stop().await;
}

#[tokio::test]
async fn the_fixture_arrives_tick_by_tick() {
    plays("../../tools/exchange/fixtures/seeded.frames".into()).await;
}

#[tokio::test]
async fn recorded_frames_of_the_real_exchange_arrive_where_they_are_named() {
    match std::env::var_os(FRAMES) {
        Some(path) => plays(path.into()).await,
        None => println!("not played: {FRAMES} names no file of recorded frames"),
    }
}
