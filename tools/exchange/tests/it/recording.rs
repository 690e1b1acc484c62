//! Recordings: the one in the repository always plays, a longer one where a run names it.

use std::num::NonZeroU32;
use std::path::PathBuf;

use exchange::{Config, Exchange, Listing, Recording, Shape, Source, Synthetic};

use crate::listener::Listener;

/// Seed and seconds that made the fixture: `exchange record --seed 7 --seconds 60`.
const SEED: u64 = 7;
const SECONDS: u64 = 60;
/// When the fixture begins, in milliseconds.
const START_MS: i64 = 1_700_000_000_000;
/// Names a file of recorded frames that belongs to no repository.
const FRAMES: &str = "BATTLESBIT_TEST_FRAMES";

fn fixture() -> PathBuf {
    PathBuf::from("fixtures/seeded.frames")
}

#[test]
fn the_fixture_is_what_its_seed_makes() {
    let listings = Listing::defaults();
    let steps = Synthetic::new(
        Shape {
            seed: SEED,
            ..Shape::default()
        },
        &listings,
    )
    .take_while(|step| step.at_us < SECONDS * 1_000_000);
    let mut made = Vec::new();
    exchange::write_frames(&mut made, &listings, steps, START_MS).unwrap();
    assert!(
        made == std::fs::read(fixture()).unwrap(),
        "record the fixture anew"
    );
}

/// Plays more than one loop of a recording and follows one symbol.
async fn plays(path: PathBuf, symbol: &str) {
    let recording = Recording::open(&path).unwrap();
    let prices: Vec<_> = recording
        .trades
        .iter()
        .filter(|recorded| recorded.trade.symbol == symbol)
        .map(|recorded| recorded.trade.price)
        .collect();
    let config = Config {
        source: Source::Recording(path),
        speed: NonZeroU32::new(200).unwrap(),
        ..Config::default()
    };
    let exchange = Exchange::start(config).await.unwrap();
    let stream = format!("/stream?streams={}@trade", symbol.to_ascii_lowercase());
    let mut listener = Listener::connect(&exchange, &stream).await;
    let mut last = (0, 0);
    let mut heard = Vec::new();
    while heard.len() < prices.len() * 5 / 4 {
        let data = listener.json().await["data"].take();
        let this = (data["t"].as_i64().unwrap(), data["T"].as_i64().unwrap());
        assert!(
            last.0 == 0 || this.0 == last.0 + 1,
            "ids rise by one: {last:?} {this:?}"
        );
        assert!(
            this.1 >= last.1 && this.1 > START_MS,
            "every frame carries the present time"
        );
        last = this;
        heard.push(data["p"].as_str().unwrap().parse().unwrap());
    }
    let first = prices
        .windows(8)
        .position(|window| window == &heard[..8])
        .unwrap();
    let expected: Vec<_> = prices
        .iter()
        .cycle()
        .skip(first)
        .take(heard.len())
        .copied()
        .collect();
    assert!(heard == expected, "the recording's prices, over and over");
}

#[tokio::test]
async fn the_fixture_plays_in_loops_with_present_times_and_rising_ids() {
    plays(fixture(), "BTCUSDT").await;
}

#[tokio::test]
async fn recorded_frames_of_the_real_exchange_play_where_they_are_named() {
    match std::env::var_os(FRAMES) {
        Some(path) => plays(path.into(), "ETHUSDT").await,
        None => println!("not played: {FRAMES} names no file of recorded frames"),
    }
}
