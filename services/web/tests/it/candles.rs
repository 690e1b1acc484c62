//! Charts: what is asked of them, and how they go on over a socket.

use cache::Cache;
use contracts::live::LiveCandles;
use domain::candle::{Candle, Folded, Interval};
use domain::symbol::Symbol;
use domain::timestamp::Timestamp;
use serde_json::{Value, json};

use crate::socket::Socket;
use crate::stage::Stage;
use crate::subscriptions::shout_until;

/// 2024-08-08T00:00:00Z
const MIDNIGHT_MS: i64 = 1_723_075_200_000;
const MINUTE: Interval = Interval::OneMinute;

fn symbol() -> Symbol {
    "BTCUSDT".parse().unwrap()
}

/// The candle of a minute after midnight.
fn candle(minute: i64, close: &str) -> Candle {
    Candle {
        start: Timestamp::from_ms(MIDNIGHT_MS + minute * 60_000),
        open: "61837.63000001".parse().unwrap(),
        high: "99999".parse().unwrap(),
        low: "0.00000001".parse().unwrap(),
        close: close.parse().unwrap(),
    }
}

fn folded(interval: Interval, minute: i64, close: &str, is_closed: bool) -> Folded {
    Folded {
        interval,
        candle: candle(minute, close),
        is_closed,
    }
}

/// A minute of bitcoin that runs.
pub(crate) fn running() -> LiveCandles {
    LiveCandles {
        symbol: symbol(),
        candles: vec![folded(MINUTE, 1, "2", false)],
    }
}

/// A chart of 600 minutes that the exchange told, and one that runs.
async fn charted() -> Stage {
    let stage = Stage::new().await;
    let (url, prefix) = (stage.space().redis_url(), stage.space().redis_prefix());
    let cache = Cache::connect(&url.to_owned().into(), &prefix)
        .await
        .unwrap();
    let closed: Vec<_> = (0..600)
        .map(|minute| (candle(minute, "2"), "98765432109876543210.5".to_owned()))
        .collect();
    cache
        .put_closed_candles(&symbol(), MINUTE, &closed)
        .await
        .unwrap();
    let running = [folded(MINUTE, 600, "3", false)];
    cache.put_folded_candles(&symbol(), &running).await.unwrap();
    stage
}

const CHART: &str = "query($asset: ID!, $interval: CandleInterval!, $range: CandleRange) {
    candles(asset: $asset, interval: $interval, range: $range) {
        startTime open high low close volume isClosed } }";

/// The chart of minutes, asked for by somebody who is not signed in.
async fn minutes(stage: &Stage, range: Value) -> Vec<Value> {
    let variables = json!({ "asset": "BTC", "interval": "ONE_MINUTE", "range": range });
    let told = stage.client().ask(CHART, variables).await.data();
    told["candles"].as_array().unwrap().clone()
}

fn starts(candles: &[Value]) -> Vec<&str> {
    let starts = candles.iter().map(|candle| candle["startTime"].as_str());
    starts.map(Option::unwrap).collect()
}

#[tokio::test]
async fn anybody_reads_a_chart_exact_and_oldest_first() {
    let stage = charted().await;
    let told = minutes(&stage, json!({ "from": "2024-08-08T09:59:00Z" })).await;
    let prices = |start: &str, close: &str, volume: Value, is_closed: bool| {
        json!({ "startTime": start, "open": "61837.63000001", "high": "99999",
            "low": "0.00000001", "close": close, "volume": volume, "isClosed": is_closed })
    };
    let volume = json!("98765432109876543210.5");
    assert_eq!(
        told,
        [
            prices("2024-08-08T09:59:00.000Z", "2", volume, true),
            prices("2024-08-08T10:00:00.000Z", "3", Value::Null, false),
        ]
    );
}

#[tokio::test]
async fn of_more_than_500_candles_the_newest_are_told() {
    let stage = charted().await;
    for range in [Value::Null, json!({ "from": "2024-08-08T00:00:00Z" })] {
        let told = minutes(&stage, range).await;
        assert_eq!(told.len(), 500);
        assert_eq!(told[0]["startTime"], "2024-08-08T01:41:00.000Z");
        assert_eq!(told[499]["startTime"], "2024-08-08T10:00:00.000Z");
    }
    let told = minutes(&stage, json!({ "to": "2024-08-08T09:00:00Z" })).await;
    assert_eq!(told.len(), 500);
    assert_eq!(told[499]["startTime"], "2024-08-08T08:59:00.000Z");
}

#[tokio::test]
async fn a_range_has_its_beginning_and_not_its_end() {
    let stage = charted().await;
    let range = json!({ "from": "2024-08-08T01:00:00Z", "to": "2024-08-08T01:02:00Z" });
    let told = minutes(&stage, range).await;
    let expected = ["2024-08-08T01:00:00.000Z", "2024-08-08T01:01:00.000Z"];
    assert_eq!(starts(&told), expected);
    let range =
        json!({ "from": "2024-08-08T01:00:00.000001Z", "to": "2024-08-08T01:01:00.000001Z" });
    let told = minutes(&stage, range).await;
    assert_eq!(starts(&told), ["2024-08-08T01:01:00.000Z"]);
    let before = json!({ "to": "2024-08-08T00:00:00Z" });
    assert_eq!(minutes(&stage, before).await, Vec::<Value>::new());
}

#[tokio::test]
async fn a_chart_that_cannot_be_is_refused() {
    let stage = Stage::new().await;
    let moment = "2024-08-08T01:00:00Z";
    let turned = json!({ "from": "2024-08-08T01:00:00.001Z", "to": moment });
    for (asset, interval, range, code) in [
        (
            "BTC",
            "ONE_DAY",
            json!({ "from": moment, "to": moment }),
            "BAD_USER_INPUT",
        ),
        ("BTC", "ONE_DAY", turned, "BAD_USER_INPUT"),
        (
            "BTC",
            "ONE_DAY",
            json!({ "from": "yesterday" }),
            "GRAPHQL_VALIDATION_FAILED",
        ),
        ("BTC", "ONE_WEEK", Value::Null, "GRAPHQL_VALIDATION_FAILED"),
        ("doge", "ONE_DAY", Value::Null, "NOT_FOUND"),
    ] {
        let variables = json!({ "asset": asset, "interval": interval, "range": range });
        let told = stage.client().ask(CHART, variables.clone()).await;
        assert_eq!(told.code(), code, "{variables}: {}", told.0);
    }
    // Every field of every candle counts.
    let chart = "candles(asset: \"BTC\", interval: ONE_DAY) { open high low close volume }";
    let three = format!("{{ a: {chart} b: {chart} c: {chart} d: {chart} }}");
    let told = stage.client().ask(&three, json!({})).await;
    assert_eq!(told.code(), "GRAPHQL_VALIDATION_FAILED", "{}", told.0);
    let empty = json!({ "asset": "bitcoin", "interval": "ONE_DAY", "range": null });
    let told = stage.client().ask(CHART, empty).await.data();
    assert_eq!(told["candles"], json!([]));
}

#[tokio::test]
async fn a_chart_goes_on_over_a_socket_with_the_closed_candle_first() {
    let stage = Stage::new().await;
    let mut minutes = Socket::open(&stage.client()).await;
    let mut hours = Socket::open(&stage.client()).await;
    let query = "subscription($interval: CandleInterval!) {
        candleUpdated(asset: \"bitcoin\", interval: $interval) {
            startTime open high low close volume isClosed } }";
    for (socket, interval) in [(&mut minutes, "ONE_MINUTE"), (&mut hours, "ONE_HOUR")] {
        let variables = json!({ "interval": interval });
        socket.subscribe("1", query, variables).await;
    }
    let update = LiveCandles {
        symbol: symbol(),
        candles: vec![
            folded(MINUTE, 1, "2", true),
            folded(MINUTE, 2, "3", false),
            folded(Interval::OneHour, 0, "3", false),
        ],
    };
    let shout = async || stage.bus.shout(&update).unwrap();
    let heard = async {
        let (closed, running) = (minutes.next("1").await, minutes.next("1").await);
        (closed, running, hours.next("1").await)
    };
    let (closed, running, hour) = shout_until(shout, heard).await;
    assert_eq!(
        closed["candleUpdated"],
        json!({ "startTime": "2024-08-08T00:01:00.000Z", "open": "61837.63000001",
            "high": "99999", "low": "0.00000001", "close": "2", "volume": null,
            "isClosed": true })
    );
    let said = |told: &Value| {
        let it = &told["candleUpdated"];
        json!([it["startTime"], it["close"], it["isClosed"]])
    };
    let expected = json!(["2024-08-08T00:02:00.000Z", "3", false]);
    assert_eq!(said(&running), expected);
    assert_eq!(said(&hour), json!(["2024-08-08T00:00:00.000Z", "3", false]));
}

#[tokio::test]
async fn nobody_listens_to_an_asset_that_there_is_not() {
    let stage = Stage::new().await;
    let mut socket = Socket::open(&stage.client()).await;
    let query = "subscription { candleUpdated(asset: \"doge\", interval: ONE_DAY) { close } }";
    socket.subscribe("1", query, json!({})).await;
    let told = socket.hear().await;
    let text = told.to_string();
    assert!(text.contains("NOT_FOUND"), "{text}");
}
