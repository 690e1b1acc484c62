//! Candles on a real Redis.

use cache::{Cache, Span, StoredCandle};
use domain::candle::{Candle, Folded, Interval};
use domain::symbol::Symbol;
use domain::timestamp::Timestamp;

use crate::corner;

const MINUTE: Interval = Interval::OneMinute;

fn symbol() -> Symbol {
    "BTCUSDT".parse().unwrap()
}

/// The candle of a minute.
fn candle(minute: i64, close: &str) -> Candle {
    let price = |text: &str| text.parse().unwrap();
    Candle {
        start: Timestamp::from_ms(minute * 60_000),
        open: price("61837.63000001"),
        high: price("99999"),
        low: price("0.00000001"),
        close: price(close),
    }
}

fn folded(minute: i64, close: &str, is_closed: bool) -> Folded {
    Folded {
        interval: MINUTE,
        candle: candle(minute, close),
        is_closed,
    }
}

fn told(minute: i64, close: &str) -> (Candle, String) {
    (candle(minute, close), "0.5".to_owned())
}

fn stored(candle: Candle, is_closed: bool, volume: Option<&str>) -> StoredCandle {
    StoredCandle {
        candle,
        is_closed,
        volume: volume.map(str::to_owned),
    }
}

async fn all(cache: &Cache) -> Vec<StoredCandle> {
    let everything = Span::default();
    cache
        .candles(&symbol(), MINUTE, everything, Cache::CANDLES)
        .await
        .unwrap()
}

#[tokio::test]
async fn a_candle_is_replaced_by_a_later_one_of_its_beginning() {
    let (_space, cache) = corner().await;
    for close in ["1", "2"] {
        let running = [folded(1, close, false)];
        cache.put_folded_candles(&symbol(), &running).await.unwrap();
    }
    let closed = [folded(1, "3", true), folded(2, "3", false)];
    cache.put_folded_candles(&symbol(), &closed).await.unwrap();
    let expected = [
        stored(candle(1, "3"), true, None),
        stored(candle(2, "3"), false, None),
    ];
    assert_eq!(all(&cache).await, expected);
}

#[tokio::test]
async fn what_the_exchange_told_stands_against_what_trades_made() {
    let (_space, cache) = corner().await;
    let own = [
        folded(1, "1", true),
        folded(2, "1", true),
        folded(3, "1", false),
    ];
    cache.put_folded_candles(&symbol(), &own).await.unwrap();
    let told = [told(1, "7"), told(2, "8")];
    let kept = cache
        .put_closed_candles(&symbol(), MINUTE, &told)
        .await
        .unwrap();
    assert_eq!(kept, 3);
    cache.put_folded_candles(&symbol(), &own).await.unwrap();
    let expected = [
        stored(candle(1, "7"), true, Some("0.5")),
        stored(candle(2, "8"), true, Some("0.5")),
        stored(candle(3, "1"), false, None),
    ];
    assert_eq!(all(&cache).await, expected);
}

#[tokio::test]
async fn a_span_has_its_beginning_and_not_its_end_and_the_newest_count() {
    let (_space, cache) = corner().await;
    let minutes: Vec<_> = (1..=9).map(|minute| told(minute, "1")).collect();
    cache
        .put_closed_candles(&symbol(), MINUTE, &minutes)
        .await
        .unwrap();
    let at = |minute: i64| Some(Timestamp::from_ms(minute * 60_000));
    for (from, to, limit, expected) in [
        (None, None, 3, 7..=9),
        (at(2), at(5), 100, 2..=4),
        (at(2), at(5), 2, 3..=4),
        (at(8), None, 100, 8..=9),
        (None, at(3), 100, 1..=2),
    ] {
        let span = Span { from, to };
        let found = cache.candles(&symbol(), MINUTE, span, limit).await.unwrap();
        let starts: Vec<_> = found.iter().map(|it| it.candle.start.ms()).collect();
        let expected: Vec<_> = expected.map(|minute| minute * 60_000).collect();
        assert_eq!(starts, expected, "{span:?}");
    }
    let other = Interval::FiveMinutes;
    let found = cache.candles(&symbol(), other, Span::default(), 9).await;
    assert_eq!(found.unwrap(), []);
}

#[tokio::test]
async fn the_newest_candles_are_kept_and_no_more() {
    let (_space, cache) = corner().await;
    let many = i64::try_from(Cache::CANDLES).unwrap();
    let minutes: Vec<_> = (1..=many + 5).map(|minute| told(minute, "1")).collect();
    let kept = cache
        .put_closed_candles(&symbol(), MINUTE, &minutes)
        .await
        .unwrap();
    assert_eq!(kept, Cache::CANDLES);
    let running = [folded(many + 6, "2", false)];
    cache.put_folded_candles(&symbol(), &running).await.unwrap();
    let found = all(&cache).await;
    assert_eq!(found.len(), Cache::CANDLES);
    assert_eq!(found[0].candle, candle(7, "1"));
    assert_eq!(found[Cache::CANDLES - 1].candle, candle(many + 6, "2"));
}

#[tokio::test]
async fn nothing_to_store_is_no_fault_and_says_what_is_kept() {
    let (_space, cache) = corner().await;
    cache.put_folded_candles(&symbol(), &[]).await.unwrap();
    let kept = cache.put_closed_candles(&symbol(), MINUTE, &[]).await;
    assert_eq!(kept.unwrap(), 0);
}
