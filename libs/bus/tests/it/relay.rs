//! Relaying the outbox.

use bus::Bus;
use contracts::matchmaking::Leave;
use contracts::stream::StreamPlace;
use contracts::{Stream, Topic};
use store::Db;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::corner::{Corner, LIMIT, id, leave, matchers_database};

async fn announce(db: &Db, aggregate: u128, version: i64, request: u128) {
    let tx = db.begin().await.unwrap();
    let (aggregate, id) = (Uuid::from_u128(aggregate), Uuid::from_u128(request));
    tx.announce(aggregate, version, id, &leave(request))
        .await
        .unwrap();
    tx.commit().await.unwrap();
}

/// The requests in the stream, in order.
async fn published(bus: &Bus, count: usize) -> Vec<u128> {
    let bounds = bus.bounds(Stream::Matchmaking).await.unwrap();
    let place = StreamPlace {
        sequence: 0,
        ..bounds.tail()
    };
    let topics = [Topic::MatchmakingLeave];
    let mut reader = bus
        .ordered(Stream::Matchmaking, &topics, place)
        .await
        .unwrap();
    let mut requests = Vec::new();
    while requests.len() < count {
        let entry = timeout(LIMIT, reader.next())
            .await
            .expect("an entry in time")
            .unwrap();
        requests.push(entry.decode::<Leave>().unwrap().request.uuid().as_u128());
    }
    requests
}

/// Runs as many relays as processes until `work` is done.
async fn with_relays<T>(bus: &Bus, db: &Db, relays: usize, work: impl Future<Output = T>) -> T {
    let shutdown = CancellationToken::new();
    let relays = (0..relays).map(|_| bus.clone().relay(db.clone(), shutdown.clone()));
    let work = async {
        let done = work.await;
        shutdown.cancel();
        done
    };
    let (relayed, done) = tokio::join!(futures::future::join_all(relays), work);
    relayed.into_iter().for_each(Result::unwrap);
    done
}

#[tokio::test]
async fn an_aggregates_messages_go_out_in_the_order_of_their_versions() {
    let corner = Corner::new().await;
    let (_database, db) = matchers_database().await;
    for (version, request) in [(3, 103), (1, 101), (2, 102)] {
        announce(&db, 1, version, request).await;
    }
    let order = with_relays(&corner.bus, &db, 2, published(&corner.bus, 3)).await;
    assert_eq!(order, [101, 102, 103]);
}

#[tokio::test]
async fn a_commit_wakes_the_relay_and_nothing_is_published_twice() {
    let corner = Corner::new().await;
    let (_database, db) = matchers_database().await;
    let work = async {
        for request in 1..=40 {
            announce(&db, request % 4, 0, request).await;
        }
        let mut requests = published(&corner.bus, 40).await;
        testkit::eventually(LIMIT, async || {
            store::outbox::waiting_buckets(&db)
                .await
                .unwrap()
                .is_empty()
        })
        .await;
        requests.sort_unstable();
        requests
    };
    let requests = with_relays(&corner.bus, &db, 3, work).await;
    assert_eq!(requests, (1..=40).collect::<Vec<_>>());
    assert_eq!(
        corner.bus.bounds(Stream::Matchmaking).await.unwrap().last,
        40
    );
}

#[tokio::test]
async fn a_crash_between_publishing_and_noting_it_repeats_nothing_in_the_stream() {
    let corner = Corner::new().await;
    let (_database, db) = matchers_database().await;
    announce(&db, 1, 1, 7).await;
    // What a relay that died had done already.
    corner
        .bus
        .publish(&leave(7), &Uuid::from_u128(7).to_string())
        .await
        .unwrap();
    announce(&db, 1, 2, 8).await;
    let order = with_relays(&corner.bus, &db, 1, published(&corner.bus, 2)).await;
    assert_eq!(order, [7, 8]);
    assert_eq!(
        corner.bus.bounds(Stream::Matchmaking).await.unwrap().last,
        2
    );
}

#[tokio::test]
async fn what_a_transaction_took_back_is_never_published() {
    let corner = Corner::new().await;
    let (_database, db) = matchers_database().await;
    let tx = db.begin().await.unwrap();
    tx.announce(Uuid::from_u128(1), 1, Uuid::from_u128(5), &leave(5))
        .await
        .unwrap();
    tx.rollback().await.unwrap();
    announce(&db, 1, 2, 6).await;
    let order = with_relays(&corner.bus, &db, 1, published(&corner.bus, 1)).await;
    assert_eq!(order, [6]);
    assert_eq!(leave(6).request, id(6));
}
