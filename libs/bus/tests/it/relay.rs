//! Relaying the outbox.

use std::time::Duration;

use bus::Bus;
use contracts::matchmaking::Leave;
use contracts::stream::StreamPlace;
use contracts::{Stream, Topic};
use futures::StreamExt as _;
use sea_orm::{ConnectionTrait as _, DbBackend, Statement};
use store::{Db, outbox};
use testkit::Database;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::corner::{Corner, LIMIT, id, leave, matchers_database, tick};
use crate::slow::nats_answering_late;

/// So long that nothing in a test goes out because of it.
const NEVER: Duration = Duration::from_secs(3_600);
/// What a raw subscription takes for the end.
const BEGIN: &[u8] = b"begin";
const END: &[u8] = b"end";

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

/// As if every row had waited for minutes.
async fn let_wait(database: &Database) {
    let superuser = Db::connect_as_operator(database.url().as_str())
        .await
        .unwrap();
    let wait = "UPDATE outbox SET created_at = created_at - interval '5 minutes'";
    let connection = superuser.connection();
    connection.execute_unprepared(wait).await.unwrap();
}

/// Waits until nothing waits to be published.
async fn until_relayed(db: &Db) {
    testkit::eventually(LIMIT, async || {
        outbox::waiting_buckets(db).await.unwrap().is_empty()
    })
    .await;
}

/// What is sent to the matcher's leaves on core NATS, where nothing drops a repeat.
struct Wire {
    client: async_nats::Client,
    subject: String,
    heard: async_nats::Subscriber,
}

impl Wire {
    async fn listen(corner: &Corner) -> Self {
        let client = corner.client().await;
        let subject = Topic::MatchmakingLeave.pattern();
        let subject = corner.settings.prefix.subject(subject);
        let mut heard = client.subscribe(subject.clone()).await.unwrap();
        // The server knows of the subscription when it sends what was published behind it.
        client.publish(subject.clone(), BEGIN.into()).await.unwrap();
        let begun = timeout(LIMIT, heard.next()).await.expect("it in time");
        assert_eq!(begun.unwrap().payload, BEGIN);
        Self {
            client,
            subject,
            heard,
        }
    }

    /// Every request that was sent until now, in order.
    async fn requests(mut self) -> Vec<u128> {
        let sent = self.client.publish(self.subject, END.into()).await;
        sent.unwrap();
        let mut requests = Vec::new();
        loop {
            let next = timeout(LIMIT, self.heard.next()).await;
            let message = next.expect("a message in time").unwrap();
            if message.payload == END {
                return requests;
            }
            let leave: Leave = serde_json::from_slice(&message.payload).unwrap();
            requests.push(leave.request.uuid().as_u128());
        }
    }
}

#[tokio::test]
async fn a_commit_wakes_the_relay() {
    let corner = Corner::new().await;
    let (_database, db) = matchers_database().await;
    let shutdown = CancellationToken::new();
    let relaying = corner
        .bus
        .clone()
        .relay_polling(db.clone(), NEVER, shutdown.clone());
    let work = async {
        for request in 1..=10 {
            announce(&db, request, 0, request).await;
            until_relayed(&db).await;
        }
        shutdown.cancel();
    };
    let (relayed, ()) = tokio::join!(relaying, work);
    relayed.unwrap();
    let last = corner.bus.bounds(Stream::Matchmaking).await.unwrap().last;
    assert_eq!(last, 10);
}

#[tokio::test]
async fn what_another_relay_had_goes_out_once_it_has_let_go() {
    let corner = Corner::new().await;
    let (_database, db) = matchers_database().await;
    let [taken, free] = [1, 2].map(|number| outbox::bucket(Uuid::from_u128(number)).into());
    assert_ne!(taken, free);
    let other = db.begin().await.unwrap();
    let locked = outbox::lock_buckets(&other, &[taken]).await.unwrap();
    assert_eq!(locked, [taken]);
    let shutdown = CancellationToken::new();
    let relaying = corner
        .bus
        .clone()
        .relay_polling(db.clone(), NEVER, shutdown.clone());
    let work = async {
        announce(&db, 1, 0, 1).await;
        announce(&db, 2, 0, 2).await;
        testkit::eventually(LIMIT, async || {
            outbox::waiting_buckets(&db).await.unwrap() == [taken]
        })
        .await;
        // No commit wakes the relay any more.
        other.rollback().await.unwrap();
        until_relayed(&db).await;
        shutdown.cancel();
    };
    let (relayed, ()) = tokio::join!(relaying, work);
    relayed.unwrap();
}

#[tokio::test]
async fn several_relays_send_nothing_twice() {
    let corner = Corner::new().await;
    let (_database, db) = matchers_database().await;
    for request in 1..=100 {
        announce(&db, request % 40, 0, request).await;
    }
    let wire = Wire::listen(&corner).await;
    with_relays(&corner.bus, &db, 3, until_relayed(&db)).await;
    let mut requests = wire.requests().await;
    requests.sort_unstable();
    assert_eq!(requests, (1..=100).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_stream_that_is_missing_holds_up_no_other_row() {
    /// More than one transaction relays.
    const STUCK: u64 = 450;
    let corner = Corner::new().await;
    let (database, db) = matchers_database().await;
    let missing = corner.stream("MARKET");
    let raw = corner.raw().await;
    raw.delete_stream(missing).await.unwrap();
    let tx = db.begin().await.unwrap();
    for trade in 1..=STUCK {
        // One aggregate has a page and more of such rows, the others lie in every bucket.
        let aggregate = Uuid::from_u128(u128::from(trade.saturating_sub(250)));
        let id = Uuid::from_u128(u128::from(10_000 + trade));
        tx.announce(aggregate, 0, id, &tick(trade)).await.unwrap();
    }
    tx.commit().await.unwrap();
    let bucket = outbox::bucket(Uuid::from_u128(0));
    let beside = (1_000..).find(|n| outbox::bucket(Uuid::from_u128(*n)) == bucket);
    announce(&db, beside.unwrap(), 0, 7).await;
    for request in 8..=30 {
        announce(&db, 1_000_000 + request, 0, request).await;
    }
    let mut requests = with_relays(&corner.bus, &db, 1, published(&corner.bus, 24)).await;
    requests.sort_unstable();
    assert_eq!(requests, (7..=30).collect::<Vec<_>>());
    // Nor where it is looked at for what may be there already.
    for request in 31..=40 {
        announce(&db, 1_000_000 + request, 0, request).await;
    }
    let_wait(&database).await;
    let mut requests = with_relays(&corner.bus, &db, 1, published(&corner.bus, 34)).await;
    requests.sort_unstable();
    assert_eq!(requests, (7..=40).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_large_settlement_goes_out_in_order_though_every_answer_is_late() {
    /// A thousand players, two messages for each, and the battle's own.
    const ROWS: u128 = 2_001;
    let corner = Corner::new().await;
    let (_database, db) = matchers_database().await;
    let rows: Vec<_> = (1..=ROWS)
        .map(|request| {
            let (id, aggregate) = (Uuid::from_u128(request), Uuid::from_u128(1));
            outbox::Row::of(id, aggregate, 1, &leave(request)).unwrap()
        })
        .collect();
    let tx = db.begin().await.unwrap();
    tx.announce_all(&rows).await.unwrap();
    tx.commit().await.unwrap();

    let wire = Wire::listen(&corner).await;
    let way = nats_answering_late(Duration::from_millis(50)).await;
    let late = corner.bus_by(&way.url).await;
    with_relays(&late, &db, 1, until_relayed(&db)).await;
    assert_eq!(wire.requests().await, (1..=ROWS).collect::<Vec<_>>());
}

#[tokio::test]
async fn what_could_not_be_sent_in_time_is_sent_later_and_what_was_is_noted() {
    let corner = Corner::new().await;
    let (_database, db) = matchers_database().await;
    for version in 1..=20 {
        announce(&db, 1, version, version.unsigned_abs().into()).await;
    }
    let wire = Wire::listen(&corner).await;
    // Version waits for version: all of them take longer than one transaction may.
    let way = nats_answering_late(Duration::from_millis(150)).await;
    let late = corner.bus_by(&way.url).await;
    with_relays(&late, &db, 1, until_relayed(&db)).await;
    assert_eq!(wire.requests().await, (1..=20).collect::<Vec<_>>());
}

#[tokio::test]
async fn however_many_rows_were_published_they_are_cleared_away_a_day_later() {
    let corner = Corner::new().await;
    let (database, db) = matchers_database().await;
    let superuser = Db::connect_as_operator(database.url().as_str())
        .await
        .unwrap();
    let insert = "INSERT INTO outbox
            (id, service, bucket, aggregate_id, version, subject, payload, published_at)
        SELECT gen_random_uuid(), 'matcher', 0, gen_random_uuid(), 0, 's', '{}',
            now() - (CASE WHEN n <= 12000 THEN interval '25 hours' ELSE interval '23 hours' END)
        FROM generate_series(1, 12003) n";
    let connection = superuser.connection();
    connection.execute_unprepared(insert).await.unwrap();
    let cleared = testkit::eventually(LIMIT, async || {
        let count = "SELECT count(*) AS kept FROM outbox".to_owned();
        let count = Statement::from_string(DbBackend::Postgres, count);
        let row = connection.query_one_raw(count).await.unwrap().unwrap();
        row.try_get::<i64>("", "kept").unwrap() == 3
    });
    with_relays(&corner.bus, &db, 1, cleared).await;
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
async fn a_crash_repeats_nothing_though_the_stream_has_forgotten_the_id() {
    let corner = Corner::new().await;
    let (database, db) = matchers_database().await;
    announce(&db, 1, 1, 7).await;
    announce(&db, 1, 2, 8).await;
    // What a relay that died had done already.
    let publish = async |request: u128| {
        let id = Uuid::from_u128(request).to_string();
        corner.bus.publish(&leave(request), &id).await.unwrap()
    };
    publish(7).await;
    publish(99).await;
    // Until the later id is forgotten, and so the earlier one.
    testkit::eventually(LIMIT, async || {
        if publish(99).await.duplicate {
            corner.space.forget_ids(Stream::Matchmaking).await.unwrap();
            return false;
        }
        true
    })
    .await;
    let_wait(&database).await;
    with_relays(&corner.bus, &db, 1, until_relayed(&db)).await;
    let last = corner.bus.bounds(Stream::Matchmaking).await.unwrap().last;
    let count = usize::try_from(last).unwrap();
    assert_eq!(published(&corner.bus, count).await, [7, 99, 99, 8]);
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
