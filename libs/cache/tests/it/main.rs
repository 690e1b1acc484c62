//! The cache on a real Redis.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on fails where it stands"
)]

mod candles;

use std::time::Duration;

use cache::{Cache, Challenges, CodeKey, Codes, Day, LastPrice, Limit, Rate, Verdict};
use domain::timestamp::Timestamp;
use secrecy::SecretString;
use testkit::Space;
use uuid::Uuid;

const LIVES: Duration = Duration::from_secs(120);
const ADDRESS: &str = "ann@example.com";

/// A corner of Redis. It is cleaned up when the space is dropped.
async fn corner() -> (Space, Cache) {
    let space = Space::new();
    let url = SecretString::from(space.redis_url());
    let cache = Cache::connect(&url, &space.redis_prefix()).await.unwrap();
    (space, cache)
}

fn codes(cache: &Cache, key: &str) -> Codes {
    Codes::new(cache.clone(), CodeKey::new(SecretString::from(key)))
}

#[tokio::test]
async fn a_code_is_redeemed_once_by_whoever_knows_it() {
    let (_space, cache) = corner().await;
    let codes = codes(&cache, "key");
    codes
        .issue(ADDRESS, "123456", 120_000, LIVES)
        .await
        .unwrap();
    assert!(!codes.redeem("bob@example.com", "123456", 0).await.unwrap());
    assert!(!codes.redeem(ADDRESS, "654321", 0).await.unwrap());
    assert!(codes.redeem(ADDRESS, "123456", 119_999).await.unwrap());
    assert!(!codes.redeem(ADDRESS, "123456", 0).await.unwrap());
}

#[tokio::test]
async fn a_code_is_worth_nothing_when_it_is_expired_or_hashed_under_another_key() {
    let (_space, cache) = corner().await;
    codes(&cache, "key")
        .issue(ADDRESS, "123456", 120_000, LIVES)
        .await
        .unwrap();
    assert!(
        !codes(&cache, "other")
            .redeem(ADDRESS, "123456", 0)
            .await
            .unwrap()
    );
    assert!(
        !codes(&cache, "key")
            .redeem(ADDRESS, "123456", 120_000)
            .await
            .unwrap()
    );
}

#[tokio::test]
async fn the_sixth_guess_fails_even_if_it_is_right() {
    let (_space, cache) = corner().await;
    let codes = codes(&cache, "key");
    codes
        .issue(ADDRESS, "123456", 120_000, LIVES)
        .await
        .unwrap();
    for _ in 0..Codes::TRIES {
        assert!(!codes.redeem(ADDRESS, "000000", 0).await.unwrap());
    }
    assert!(!codes.redeem(ADDRESS, "123456", 0).await.unwrap());
}

#[tokio::test]
async fn a_message_is_redeemed_once_for_what_it_was_handed_out_for_and_in_time() {
    let (_space, cache) = corner().await;
    let challenges = Challenges::new(cache);
    for (message, purpose, now_ms, good) in [
        ("sign this", "sign_in", 119_999, true),
        ("sign this", "sign_in", 120_000, false),
        ("sign this", "link", 0, false),
        ("sign that", "sign_in", 0, false),
    ] {
        challenges
            .issue("sign this", "sign_in", 120_000, LIVES)
            .await
            .unwrap();
        let redeemed = challenges.redeem(message, purpose, now_ms).await.unwrap();
        assert_eq!(redeemed, good, "{message} {purpose} {now_ms}");
    }
    let (message, purpose) = ("sign this", "sign_in");
    assert!(challenges.redeem(message, purpose, 0).await.unwrap());
    assert!(!challenges.redeem(message, purpose, 0).await.unwrap());
}

#[tokio::test]
async fn a_limit_counts_each_thing_and_each_person_apart() {
    let (_space, cache) = corner().await;
    let window = Duration::from_secs(60);
    let (mails, logins) = (
        Limit {
            of: "mails",
            count: 2,
            window,
        },
        Limit {
            of: "logins",
            count: 2,
            window,
        },
    );
    for _ in 0..2 {
        assert_eq!(cache.count(mails, "ann").await.unwrap(), Verdict::Allowed);
    }
    let Verdict::Wait(wait) = cache.count(mails, "ann").await.unwrap() else {
        panic!("expected to wait");
    };
    assert!(wait <= window && wait > Duration::from_secs(50), "{wait:?}");
    assert_eq!(cache.count(mails, "bob").await.unwrap(), Verdict::Allowed);
    assert_eq!(cache.count(logins, "ann").await.unwrap(), Verdict::Allowed);
}

#[tokio::test]
async fn a_limit_starts_anew_when_its_window_is_over() {
    let (_space, cache) = corner().await;
    let limit = Limit {
        of: "x",
        count: 1,
        window: Duration::from_millis(100),
    };
    assert_eq!(cache.count(limit, "ann").await.unwrap(), Verdict::Allowed);
    testkit::eventually(Duration::from_secs(60), async || {
        cache.count(limit, "ann").await.unwrap() == Verdict::Allowed
    })
    .await;
}

#[tokio::test]
async fn a_rate_allows_a_burst_and_counts_each_thing_and_each_person_apart() {
    let (_space, cache) = corner().await;
    let every = Duration::from_secs(60);
    let asks = Rate {
        of: "asks",
        every,
        burst: 3,
    };
    for _ in 0..3 {
        assert_eq!(cache.pass(asks, "ann").await.unwrap(), Verdict::Allowed);
    }
    // What has to wait is not counted: nobody waits longer for asking again.
    for _ in 0..3 {
        let Verdict::Wait(wait) = cache.pass(asks, "ann").await.unwrap() else {
            panic!("expected to wait");
        };
        assert!(wait <= every && wait > every / 2, "{wait:?}");
    }
    let tells = Rate {
        of: "tells",
        ..asks
    };
    assert_eq!(cache.pass(asks, "bob").await.unwrap(), Verdict::Allowed);
    assert_eq!(cache.pass(tells, "ann").await.unwrap(), Verdict::Allowed);
}

#[tokio::test]
async fn a_rate_goes_on_at_its_pace() {
    let (_space, cache) = corner().await;
    let every = Duration::from_millis(100);
    let rate = Rate {
        of: "x",
        every,
        burst: 1,
    };
    let begun = std::time::Instant::now();
    for _ in 0..5 {
        testkit::eventually(Duration::from_secs(60), async || {
            cache.pass(rate, "ann").await.unwrap() == Verdict::Allowed
        })
        .await;
    }
    assert!(begun.elapsed() >= every * 4, "{:?}", begun.elapsed());
}

#[tokio::test]
async fn the_last_price_of_each_symbol_is_kept_exact() {
    let (_space, cache) = corner().await;
    let price = |symbol: &str, price: &str| LastPrice {
        symbol: symbol.parse().unwrap(),
        price: price.parse().unwrap(),
        time: Timestamp::from_ms(7),
        day: Some(Day {
            vwap: "61000.1".to_owned(),
            ..Day::default()
        }),
    };
    assert_eq!(cache.prices().await.unwrap(), []);
    cache
        .put_prices(&[price("BTCUSDT", "1"), price("ETHUSDT", "2683.80000001")])
        .await
        .unwrap();
    cache
        .put_prices(&[price("BTCUSDT", "61837.63")])
        .await
        .unwrap();
    let mut prices = cache.prices().await.unwrap();
    prices.sort_by(|a, b| a.symbol.cmp(&b.symbol));
    assert_eq!(
        prices,
        [
            price("BTCUSDT", "61837.63"),
            price("ETHUSDT", "2683.80000001")
        ]
    );
}

#[tokio::test]
async fn orders_are_remembered_under_their_positions() {
    let (_space, cache) = corner().await;
    let [first, second, third] = [7, 8, 9].map(|n| Uuid::from_u128(n).into());
    let find = async || {
        cache
            .find_orders::<String>(&[first, second, third])
            .await
            .unwrap()
    };
    assert!(find().await.is_empty());
    cache.remember_order(third, &"third").await.unwrap();
    cache.remember_order(first, &"first").await.unwrap();
    assert_eq!(find().await, ["first", "third"]);
    assert!(cache.find_orders::<String>(&[]).await.unwrap().is_empty());
}
