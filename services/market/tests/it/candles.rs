//! The chart: running candles from ticks, closed ones from the exchange.

use std::collections::BTreeMap;

use bus::Listener;
use cache::{Cache, Span, StoredCandle};
use contracts::live::{self, LiveCandles};
use domain::candle::{Candle, Interval};
use domain::symbol::Symbol;
use domain::timestamp::Timestamp;
use exchange::{Config, Fault};
use runtime::Clock;
use serde_json::Value;
use testkit::{Server, Space, eventually};
use tokio::time::timeout;

use crate::reader::LIMIT;
use crate::scene::{Market, Scene};

const DAY_MS: i64 = 86_400_000;
/// A moment of the day at which no candle closes for half a minute.
const QUIET_MS: i64 = 12 * 3_600_000 + 90_000 + 15_000;
/// How long before midnight the exchange begins where every candle is to close; longer where the
/// machine is slow.
const BEFORE_MIDNIGHT_MS: i64 = 8_000;

fn symbol() -> Symbol {
    "BTCUSDT".parse().unwrap()
}

/// An exchange whose clock shows this moment of a day when it starts.
fn at(ms_of_day: i64) -> Config {
    Config {
        clock_skew_ms: skew_to(ms_of_day),
        ..Config::default()
    }
}

fn skew_to(ms_of_day: i64) -> i64 {
    ms_of_day - Clock::system().now_ms().rem_euclid(DAY_MS)
}

/// A market with a chart of one price, shortly before midnight.
struct Evening {
    scene: Scene,
    market: Market,
    cache: Cache,
    heard: Listener,
    /// What runs.
    minute: Candle,
    midnight: Timestamp,
    skew_ms: i64,
}

impl Evening {
    async fn new() -> Self {
        let mut before_ms = BEFORE_MIDNIGHT_MS;
        loop {
            let evening = Self::begin(before_ms).await;
            // Time for what is to happen before midnight.
            if evening.now() < evening.midnight.plus_ms(BEFORE_MIDNIGHT_MS / -4) {
                return evening;
            }
            evening.market.stop().await;
            before_ms *= 2;
        }
    }

    async fn begin(before_ms: i64) -> Self {
        let skew_ms = skew_to(DAY_MS - before_ms);
        let midnight = Clock::system().now_ms() + skew_ms + before_ms;
        let scene = Scene::with(Config {
            clock_skew_ms: skew_ms,
            ..Config::default()
        })
        .await;
        scene.trade("100");
        let heard = scene.bus.listen(&live::candles(&symbol())).await.unwrap();
        let market = scene.market().await;
        let cache = scene.cache().await;
        for interval in Interval::ALL {
            told(&cache, interval, 0).await;
        }
        let minute = running(&cache, Interval::OneMinute, ["100"; 4])
            .await
            .candle;
        Self {
            scene,
            market,
            cache,
            heard,
            minute,
            midnight: Timestamp::from_ms(midnight),
            skew_ms,
        }
    }

    /// The exchange's time.
    fn now(&self) -> Timestamp {
        Timestamp::from_ms(Clock::system().now_ms() + self.skew_ms)
    }

    async fn is_over(&self) {
        eventually(LIMIT, async || self.now() > self.midnight).await;
    }
}

/// Every candle that is cached, once Redis answers.
async fn candles(cache: &Cache, interval: Interval) -> Vec<StoredCandle> {
    let (symbol, everything) = (symbol(), Span::default());
    eventually(LIMIT, async || {
        cache
            .candles(&symbol, interval, everything, Cache::CANDLES)
            .await
            .ok()
    })
    .await
}

/// The newest candle whose opening, high, low and last price are these.
async fn running(cache: &Cache, interval: Interval, prices: [&str; 4]) -> StoredCandle {
    eventually(LIMIT, async || {
        let last = candles(cache, interval).await.pop()?;
        let it = last.candle;
        let found = [it.open, it.high, it.low, it.close].map(|price| price.to_string());
        (found == prices && !last.is_closed).then_some(last)
    })
    .await
}

/// The newest candle that is closed and of which the exchange has told, once there is one from
/// `start_ms` on.
async fn told(cache: &Cache, interval: Interval, start_ms: i64) -> StoredCandle {
    eventually(LIMIT, async || {
        let known = candles(cache, interval).await;
        let told = known.into_iter().rev().find(|it| it.volume.is_some())?;
        (told.candle.start.ms() >= start_ms).then_some(told)
    })
    .await
}

/// What the exchange says of the candle that began at a moment: its four prices and its volume.
async fn at_the_exchange(scene: &Scene, interval: Interval, start_ms: i64) -> [String; 5] {
    let (url, name) = (scene.exchange.rest_url(), interval.name());
    let query = format!("symbol=BTCUSDT&interval={name}&startTime={start_ms}&limit=1");
    let answer = reqwest::get(format!("{url}/api/v3/klines?{query}"));
    let answer = answer.await.unwrap().text().await.unwrap();
    let rows: Vec<Vec<Value>> = serde_json::from_str(&answer).unwrap();
    assert_eq!(rows[0][0].as_i64(), Some(start_ms));
    [1, 2, 3, 4, 5].map(|column| shortened(rows[0][column].as_str().unwrap()))
}

fn shortened(decimal: &str) -> String {
    decimal
        .trim_end_matches('0')
        .trim_end_matches('.')
        .to_owned()
}

fn shown(stored: &StoredCandle) -> [String; 5] {
    let it = stored.candle;
    let [open, high, low, close] = [it.open, it.high, it.low, it.close].map(|it| it.to_string());
    [open, high, low, close, stored.volume.clone().unwrap()]
}

#[tokio::test]
async fn history_comes_from_the_exchange_and_the_running_candle_follows_ticks() {
    let scene = Scene::with(at(QUIET_MS)).await;
    scene.trade("100");
    let market = scene.market().await;
    let cache = scene.cache().await;
    for interval in Interval::ALL {
        told(&cache, interval, 0).await;
        let known = eventually(LIMIT, async || {
            let known = candles(&cache, interval).await;
            known
                .last()
                .is_some_and(|it| !it.is_closed)
                .then_some(known)
        })
        .await;
        let least = if interval == Interval::OneDay {
            60
        } else {
            300
        };
        assert!(known.len() > least, "{interval:?} {}", known.len());
        let closed = &known[..known.len() - 1];
        assert!(closed.iter().all(|it| it.is_closed && it.volume.is_some()));
        let starts: Vec<_> = known.iter().map(|it| it.candle.start).collect();
        let in_a_row = |pair: &[_]| interval.end_of(pair[0]) == pair[1];
        assert!(starts.windows(2).all(in_a_row));
    }
    let minutes = candles(&cache, Interval::OneMinute).await;
    let met = minutes[minutes.len() - 2].candle.close;
    assert_eq!(met, "100".parse().unwrap());
    for price in ["104", "99", "101"] {
        scene.trade(price);
    }
    running(&cache, Interval::OneMinute, ["100", "104", "99", "101"]).await;
    for interval in Interval::ALL {
        let last = candles(&cache, interval).await.pop().unwrap();
        let close = last.candle.close.to_string();
        assert_eq!((close.as_str(), last.volume), ("101", None));
    }
    market.stop().await;
}

#[tokio::test]
async fn a_candle_closes_with_the_next_tick_and_the_exchange_then_says_what_it_was() {
    let evening = Evening::new().await;
    let (scene, cache) = (&evening.scene, &evening.cache);
    // Which the exchange makes without telling us, and no tick is.
    scene.exchange.misbehave(Fault::Silent { on: true });
    scene.trade("102");
    scene.exchange.misbehave(Fault::Silent { on: false });
    evening.is_over().await;
    scene.trade("103");
    let start_ms = evening.minute.start.ms();
    for interval in Interval::ALL {
        let start_ms = interval.start_of(evening.minute.start).ms();
        let closed = told(cache, interval, start_ms).await;
        assert_eq!(closed.candle.start.ms(), start_ms);
        let expected = at_the_exchange(scene, interval, start_ms).await;
        assert_eq!(shown(&closed), expected, "{interval:?}");
        let next = candles(cache, interval).await.pop().unwrap();
        assert_eq!(next.candle.start, interval.end_of(closed.candle.start));
        assert!(!next.is_closed);
    }
    let mut heard = evening.heard;
    // Each closed candle is told once, and before the one that follows it.
    let mut told: BTreeMap<Interval, Vec<(i64, bool)>> = BTreeMap::new();
    let hear = async {
        loop {
            let update: LiveCandles = heard.next().await.unwrap().decode().unwrap();
            assert_eq!(update.symbol, symbol());
            for it in update.candles {
                let said = (it.candle.start.ms(), it.is_closed);
                told.entry(it.interval).or_default().push(said);
            }
            let is_over = |said: &Vec<(i64, bool)>| said.last().unwrap().0 > start_ms;
            if told.len() == Interval::COUNT && told.values().all(is_over) {
                return;
            }
        }
    };
    timeout(LIMIT, hear).await.unwrap();
    for (interval, mut said) in told {
        let start_ms = interval.start_of(evening.minute.start).ms();
        // Where the machine is slow, minutes may have closed before.
        said.retain(|(at_ms, _)| *at_ms >= start_ms);
        said.dedup();
        let end_ms = start_ms + interval.length_ms();
        let expected = [(start_ms, false), (start_ms, true), (end_ms, false)];
        assert_eq!(said, expected, "{interval:?}");
    }
    evening.market.stop().await;
}

#[tokio::test]
async fn what_closes_while_rest_is_down_stands_as_we_saw_it_until_it_is_back() {
    let evening = Evening::new().await;
    let (scene, cache) = (&evening.scene, &evening.cache);
    scene.exchange.misbehave(Fault::RestDown { on: true });
    scene.trade("102");
    evening.is_over().await;
    scene.trade("103");
    running(cache, Interval::OneMinute, ["103"; 4]).await;
    for interval in Interval::ALL {
        let known = candles(cache, interval).await;
        let closed = &known[known.len() - 2];
        assert_eq!(closed.candle.start, interval.start_of(evening.minute.start));
        assert_eq!(closed.candle.close, "102".parse().unwrap());
        assert_eq!((closed.is_closed, &closed.volume), (true, &None));
    }
    scene.exchange.misbehave(Fault::RestDown { on: false });
    for interval in Interval::ALL {
        let start_ms = interval.start_of(evening.minute.start).ms();
        let closed = told(cache, interval, start_ms).await;
        let expected = at_the_exchange(scene, interval, start_ms).await;
        assert_eq!(shown(&closed), expected, "{interval:?}");
    }
    evening.market.stop().await;
}

#[tokio::test]
async fn whoever_takes_over_learns_from_the_exchange_what_it_did_not_see() {
    let scene = Scene::with(at(QUIET_MS)).await;
    for price in ["100", "104", "99", "101"] {
        scene.trade(price);
    }
    // In a Redis that knows nothing of what an earlier leader saw.
    let elsewhere = Space::new();
    let url = elsewhere.redis_url().to_owned();
    let prefix = elsewhere.redis_prefix();
    let own = [("redis.url", url.as_str()), ("redis.prefix", &prefix)];
    let earlier = scene.market().await;
    let mut reader = scene.reader().await;
    reader.tick(4).await;
    earlier.stop().await;
    let market = scene.market_with(&own).await;
    scene.trade("102");
    let cache = Cache::connect(&url.clone().into(), &prefix).await.unwrap();
    running(&cache, Interval::OneMinute, ["100", "104", "99", "102"]).await;
    market.stop().await;
}

#[tokio::test]
async fn whoever_takes_over_without_rest_goes_on_from_what_is_cached() {
    let scene = Scene::with(at(QUIET_MS)).await;
    scene.trade("100");
    let earlier = scene.market().await;
    let cache = scene.cache().await;
    for price in ["104", "99", "101"] {
        scene.trade(price);
    }
    running(&cache, Interval::OneMinute, ["100", "104", "99", "101"]).await;
    let standby = scene.market().await;
    scene.exchange.misbehave(Fault::RestDown { on: true });
    earlier.stop().await;
    // A trade that nobody led at cannot be had without REST.
    let last = eventually(LIMIT, async || {
        scene.trade("102");
        let last = candles(&cache, Interval::OneMinute).await.pop()?.candle;
        (last.close.to_string() == "102").then_some(last)
    })
    .await;
    let seen = [last.open, last.high, last.low].map(|price| price.to_string());
    assert_eq!(seen, ["100", "104", "99"]);
    standby.stop().await;
}

#[tokio::test]
async fn what_redis_lost_is_fetched_again() {
    let mut redis = Server::redis().await;
    let nats = testkit::nats_url();
    let space = Space::on(nats, redis.url().to_string());
    let scene = Scene::on(space, at(DAY_MS / 2 - 12_000)).await;
    scene.trade("100");
    let market = scene.market().await;
    let cache = scene.cache().await;
    told(&cache, Interval::OneMinute, 0).await;
    redis.kill().await;
    eventually(LIMIT, async || market.failing().contains(&"redis")).await;
    redis.start().await;
    for interval in [Interval::OneMinute, Interval::OneDay] {
        // Found out when a minute is over, which where the machine is slow is the next one.
        eventually(LIMIT * 2, async || {
            scene.trade("100");
            candles(&cache, interval).await.len() > 60
        })
        .await;
    }
    market.stop().await;
}
