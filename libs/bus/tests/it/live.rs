//! Shouting and listening.

use bus::{Bus, ExchangeClock};
use contracts::Topic;
use contracts::live::{ALL_PRICES, Live as _, LivePrice};
use contracts::market::Offset;
use contracts::matchmaking::Leave;
use contracts::stream::told_again;
use domain::price::Price;
use domain::timestamp::Timestamp;
use runtime::{Mode, MovableClock, Service, Supervisor};
use testkit::{Way, eventually};
use tokio::time::timeout;

use crate::corner::{Corner, LIMIT, leave, settings};

/// A program that follows the exchange's clock.
const FOLLOWER: Service = Service {
    name: "follower",
    version: "0",
    defaults: "",
};

/// More messages than a connection keeps until they can be sent.
const MORE_THAN_WAITS: usize = 10_000;

fn price(symbol: &str) -> LivePrice {
    LivePrice {
        symbol: symbol.parse().unwrap(),
        price: Price::from_units(5).unwrap(),
        time: Timestamp::from_ms(1),
    }
}

#[tokio::test]
async fn whoever_listens_to_a_pattern_hears_every_subject_of_it() {
    let corner = Corner::new().await;
    let mut listener = corner.bus.listen(ALL_PRICES).await.unwrap();
    for symbol in ["BTCUSDT", "ETHUSDT"] {
        corner.bus.shout(&price(symbol)).unwrap();
        let heard = listener.next().await.unwrap();
        assert_eq!(heard.subject, price(symbol).subject());
        assert_eq!(heard.decode::<LivePrice>().unwrap(), price(symbol));
    }
}

#[tokio::test]
async fn without_a_server_shouting_fails_rather_than_waits_and_goes_on_afterwards() {
    let mut server = testkit::Server::nats().await;
    let settings = settings(server.url().as_str(), "live");
    let bus = Bus::connect(&settings, "test").await.unwrap();
    let mut listener = bus.listen(ALL_PRICES).await.unwrap();
    server.stop().await;
    let shout = || bus.shout(&price("BTCUSDT"));
    assert!((0..MORE_THAN_WAITS).any(|_| shout().is_err()));
    server.start().await;
    eventually(LIMIT, async || shout().is_ok()).await;
    assert!(listener.next().await.is_some());
}

#[tokio::test]
async fn the_exchanges_clock_is_ours_moved_by_the_last_offset() {
    let corner = Corner::new().await;
    let offset = |ms: i64| Offset {
        epoch: 1,
        offset_ns: ms * 1_000_000,
    };
    let wall = MovableClock::at(1_000);
    let program = Supervisor::new(FOLLOWER, Mode::Development, wall.clock(), LIMIT);
    corner.bus.publish(&offset(5), "first").await.unwrap();
    let clock = ExchangeClock::follow(&corner.bus, &program.context())
        .await
        .unwrap();
    assert_eq!(clock.now(), Timestamp::from_ms(1_005));
    corner.bus.publish(&offset(-7), "second").await.unwrap();
    eventually(LIMIT, async || clock.now() == Timestamp::from_ms(993)).await;
    assert_eq!(clock.read().offset_ns, -7_000_000);
    program.stop().await.unwrap();
}

#[tokio::test]
async fn what_a_stream_stores_is_told_again_with_its_place() {
    let corner = Corner::new().await;
    let subject = told_again(Topic::MatchmakingLeave.pattern());
    let mut listener = corner.bus.listen(&subject).await.unwrap();
    for request in 1..=2 {
        let message = leave(request.into());
        corner
            .bus
            .publish(&message, &request.to_string())
            .await
            .unwrap();
        let heard = listener.next().await.unwrap();
        assert_eq!(heard.decode::<Leave>().unwrap(), message);
        assert_eq!(heard.sequence, Some(request));
        assert_eq!(heard.id, Some(request.to_string()));
    }
}

#[tokio::test]
async fn the_first_connection_interrupts_nobody() {
    let bus = Bus::connect(&settings(&testkit::nats_url(), "way"), "test")
        .await
        .unwrap();
    let mut interruptions = bus.interruptions();
    let busy = async {
        for _ in 0..10 {
            bus.listen(ALL_PRICES).await.unwrap();
        }
    };
    timeout(LIMIT, async {
        tokio::select! {
            () = interruptions.next() => panic!("nothing was lost"),
            () = busy => {}
        }
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn a_connection_that_was_lost_is_an_interruption_behind_which_one_hears_again() {
    let server = testkit::nats_url();
    let way = Way::to(server.strip_prefix("nats://").unwrap()).await;
    let bus = Bus::connect(
        &settings(&format!("nats://{}", way.address()), "way"),
        "test",
    )
    .await
    .unwrap();
    let mut listener = bus.listen(ALL_PRICES).await.unwrap();
    let mut hears = async || {
        bus.shout(&price("BTCUSDT")).unwrap();
        assert!(timeout(LIMIT, listener.next()).await.unwrap().is_some());
        listener.was_interrupted()
    };
    let mut interruptions = bus.interruptions();
    assert!(!hears().await);
    way.cut();
    way.mend();
    timeout(LIMIT, interruptions.next()).await.unwrap();
    assert!(hears().await, "nobody would look for what is missing");
    assert!(!hears().await);
}
