//! Consuming: done once, retried, parked, swept, drained.

use std::future::pending;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use async_nats::jetstream::consumer::{DeliverPolicy, pull};
use bus::{Bus, BusError, Consumer, Delivery, Failure};
use contracts::matchmaking::Leave;
use contracts::{Service, Topic};
use sea_orm::{ConnectionTrait as _, DbBackend, Statement};
use store::{Db, dead_letter};
use testkit::Database;
use tokio::sync::{Notify, mpsc};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::corner::{Corner, LIMIT, leave, matcher_of, matchers_database, settings};

const LEAVES: Consumer = Consumer::new(Service::Matcher, "leaves", &[Topic::MatchmakingLeave]);

fn request(delivery: &Delivery) -> Result<u128, Failure> {
    Ok(delivery.decode::<Leave>()?.request.uuid().as_u128())
}

async fn parked(db: &Db) -> Vec<store::entity::dead_letter::Model> {
    dead_letter::list_waiting(db, 0, 10).await.unwrap()
}

/// Consumes until `work` is done, then drains.
async fn while_consuming<H, F>(
    bus: &Bus,
    db: &Db,
    consumer: Consumer,
    handler: H,
    work: impl Future<Output = ()>,
) where
    H: Fn(Delivery) -> F + Send + Sync,
    F: Future<Output = Result<(), Failure>> + Send,
{
    let shutdown = CancellationToken::new();
    let consuming = bus
        .clone()
        .consume(db.clone(), consumer, handler, shutdown.clone());
    let work = async {
        work.await;
        shutdown.cancel();
    };
    let (consumed, ()) = tokio::join!(consuming, work);
    consumed.unwrap();
}

#[tokio::test]
async fn a_message_that_comes_again_past_the_dedupe_is_done_once() {
    let corner = Corner::new().await;
    let (_database, db) = matchers_database().await;
    let raw = corner.raw().await;
    let name = corner.stream("MATCHMAKING");
    let mut config = raw
        .get_stream(&name)
        .await
        .unwrap()
        .cached_info()
        .config
        .clone();
    config.duplicate_window = Duration::from_millis(100);
    raw.update_stream(&config).await.unwrap();

    let (delivered, mut deliveries) = mpsc::unbounded_channel();
    let done = AtomicU32::new(0);
    let handler = async |delivery: Delivery| {
        let tx = db.begin().await?;
        if tx.first_time(LEAVES.name, &delivery.id).await? {
            done.fetch_add(1, Ordering::SeqCst);
        }
        tx.commit().await?;
        delivered.send(delivery.sequence).unwrap();
        Ok(())
    };
    while_consuming(&corner.bus, &db, LEAVES, &handler, async {
        corner.bus.publish(&leave(1), "one").await.unwrap();
        testkit::eventually(LIMIT, async || {
            !corner
                .bus
                .publish(&leave(1), "one")
                .await
                .unwrap()
                .duplicate
        })
        .await;
        assert_eq!(deliveries.recv().await, Some(1));
        assert_eq!(deliveries.recv().await, Some(2));
    })
    .await;
    assert_eq!(done.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_failing_message_is_tried_again_and_holds_up_those_behind_it() {
    let corner = Corner::new().await;
    let (_database, db) = matchers_database().await;
    let (handled, mut order) = mpsc::unbounded_channel();
    let handler = async |delivery: Delivery| {
        let request = request(&delivery)?;
        if request == 1 && delivery.delivered < 3 {
            return Err(Failure::retry("not yet"));
        }
        handled.send((request, delivery.delivered)).unwrap();
        Ok(())
    };
    while_consuming(&corner.bus, &db, LEAVES, &handler, async {
        for request in [1, 2] {
            corner
                .bus
                .publish(&leave(request), &request.to_string())
                .await
                .unwrap();
        }
        assert_eq!(order.recv().await, Some((1, 3)));
        assert_eq!(order.recv().await, Some((2, 1)));
    })
    .await;
    assert!(parked(&db).await.is_empty());
}

#[tokio::test]
async fn poison_is_parked_with_its_cause_and_the_next_message_goes_on() {
    let corner = Corner::new().await;
    let (_database, db) = matchers_database().await;
    let done = Notify::new();
    let handler = async |delivery: Delivery| {
        if request(&delivery)? == 1 {
            return Err(Failure::poison("it makes no sense"));
        }
        done.notify_one();
        Ok(())
    };
    while_consuming(&corner.bus, &db, LEAVES, &handler, async {
        for request in [1, 2] {
            corner
                .bus
                .publish(&leave(request), &request.to_string())
                .await
                .unwrap();
        }
        done.notified().await;
    })
    .await;
    let parked = parked(&db).await;
    assert_eq!(parked.len(), 1);
    assert_eq!(parked[0].cause, "it makes no sense");
    assert_eq!(parked[0].subject, Topic::MatchmakingLeave.pattern());
    assert_eq!(parked[0].message_id.as_deref(), Some("1"));
    assert_eq!(
        serde_json::from_slice::<Leave>(&parked[0].payload).unwrap(),
        leave(1)
    );
}

#[tokio::test]
async fn a_message_is_parked_after_its_last_delivery() {
    let corner = Corner::new().await;
    let (_database, db) = matchers_database().await;
    let handler = async |_| Err(Failure::retry("never"));
    while_consuming(&corner.bus, &db, LEAVES.deliveries(2), &handler, async {
        corner.bus.publish(&leave(1), "1").await.unwrap();
        testkit::eventually(LIMIT, async || parked(&db).await.len() == 1).await;
    })
    .await;
    assert_eq!(parked(&db).await[0].deliveries, 2);
}

#[tokio::test]
async fn a_message_that_its_stream_has_dropped_is_parked_all_the_same() {
    let corner = Corner::new().await;
    let (_database, db) = matchers_database().await;
    let stream = corner.raw().await;
    let stream = stream.get_stream(corner.stream("MATCHMAKING")).await;
    let stream = stream.unwrap();
    let handler = async |_| {
        stream.purge().await.unwrap();
        Err(Failure::poison("it makes no sense"))
    };
    while_consuming(&corner.bus, &db, LEAVES, &handler, async {
        corner.bus.publish(&leave(1), "1").await.unwrap();
        testkit::eventually(LIMIT, async || parked(&db).await.len() == 1).await;
    })
    .await;
    let parked = parked(&db).await;
    let payload = serde_json::from_slice::<Leave>(&parked[0].payload);
    assert_eq!(payload.unwrap(), leave(1));
    assert_eq!(parked[0].headers["Nats-Msg-Id"], serde_json::json!(["1"]));
}

#[tokio::test]
async fn an_outage_of_postgres_does_not_count_against_the_last_delivery() {
    let corner = Corner::new().await;
    let mut server = testkit::Server::postgres().await;
    let database = Database::on(server.url()).await;
    let db = matcher_of(&database).await;
    let (begun, mut deliveries) = mpsc::unbounded_channel();
    let killed = CancellationToken::new();
    let handler = async |delivery: Delivery| {
        begun.send(delivery.delivered).unwrap();
        killed.cancelled().await;
        let done = async { db.begin().await?.commit().await };
        let done = done.await;
        begun.send(delivery.delivered).unwrap();
        Ok(done?)
    };
    let work = while_consuming(&corner.bus, &db, LEAVES.deliveries(1), &handler, async {
        let mut next = async || {
            let next = timeout(LIMIT, deliveries.recv()).await;
            next.expect("a sign in time").unwrap()
        };
        corner.bus.publish(&leave(1), "1").await.unwrap();
        assert_eq!(next().await, 1);
        server.kill().await;
        killed.cancel();
        assert_eq!(next().await, 1, "it failed");
        server.start().await;
        assert_eq!([next().await, next().await], [1, 1], "it was tried again");
    });
    Box::pin(work).await;
    assert!(parked(&db).await.is_empty());
    assert_eq!(corner.unsettled(LEAVES.name).await, 0, "it was handled");
}

#[tokio::test]
async fn a_handler_that_does_not_come_back_is_given_up_and_tried_again() {
    let corner = Corner::new().await;
    let (_database, db) = matchers_database().await;
    let done = Notify::new();
    let handler = async |delivery: Delivery| {
        if delivery.delivered == 1 {
            pending::<()>().await;
        }
        done.notify_one();
        Ok(())
    };
    let consumer = LEAVES.handler_limit(Duration::from_millis(200));
    while_consuming(&corner.bus, &db, consumer, &handler, async {
        corner.bus.publish(&leave(1), "1").await.unwrap();
        timeout(LIMIT, done.notified()).await.expect("tried again");
    })
    .await;
    assert!(parked(&db).await.is_empty());
}

#[tokio::test]
async fn a_stream_that_goes_missing_ends_consuming_at_once() {
    for name in ["MATCHMAKING", "ADVISORIES"] {
        let corner = Corner::new().await;
        let (_database, db) = matchers_database().await;
        let name = corner.stream(name);
        let handler = async |_| Ok(());
        let consuming =
            corner
                .bus
                .clone()
                .consume(db.clone(), LEAVES, &handler, CancellationToken::new());
        let raw = corner.raw().await;
        let deleting = async {
            testkit::eventually(LIMIT, async || {
                let mut stream = raw.get_stream(&name).await.unwrap();
                stream.info().await.unwrap().state.consumer_count == 1
            })
            .await;
            raw.delete_stream(&name).await.unwrap();
        };
        let (consumed, ()) = tokio::join!(timeout(LIMIT, consuming), deleting);
        let consumed = consumed.expect("an end in time");
        assert!(
            matches!(&consumed, Err(BusError::StreamMissing { stream }) if *stream == name),
            "{consumed:?}"
        );
    }
}

#[tokio::test]
async fn a_consumer_that_the_server_refuses_ends_consuming_at_once() {
    let corner = Corner::new().await;
    let (_database, db) = matchers_database().await;
    let taken = pull::Config {
        durable_name: Some("matcher_leaves".to_owned()),
        deliver_policy: DeliverPolicy::New,
        ..pull::Config::default()
    };
    let raw = corner.raw().await;
    let stream = corner.stream("MATCHMAKING");
    raw.create_consumer_on_stream(taken, stream).await.unwrap();
    let handler = async |_| Ok(());
    let consuming = corner
        .bus
        .clone()
        .consume(db, LEAVES, &handler, CancellationToken::new());
    let refused = timeout(LIMIT, consuming).await.expect("an end in time");
    assert!(
        matches!(refused, Err(BusError::Refused { .. })),
        "{refused:?}"
    );
}

#[tokio::test]
async fn messages_that_wait_hold_up_no_other_of_a_patient_consumer() {
    let corner = Corner::new().await;
    let (_database, db) = matchers_database().await;
    let (handled, mut order) = mpsc::unbounded_channel();
    let handler = async |delivery: Delivery| {
        let request = request(&delivery)?;
        if request <= 4 {
            return Err(Failure::retry("its mail server has it wait"));
        }
        handled.send(request).unwrap();
        Ok(())
    };
    while_consuming(&corner.bus, &db, LEAVES.patient(1), &handler, async {
        for request in 1..=5 {
            let id = request.to_string();
            corner.bus.publish(&leave(request), &id).await.unwrap();
        }
        let next = timeout(LIMIT, order.recv()).await;
        assert_eq!(next.expect("a message in time"), Some(5));
    })
    .await;
}

#[tokio::test]
async fn what_must_not_be_kept_is_dropped_at_the_limit() {
    let corner = Corner::new().await;
    let (_database, db) = matchers_database().await;
    let done = Notify::new();
    let handler = async |delivery: Delivery| {
        if request(&delivery)? == 1 {
            return Err(Failure::poison("secret"));
        }
        done.notify_one();
        Ok(())
    };
    while_consuming(
        &corner.bus,
        &db,
        LEAVES.without_dead_letters(),
        &handler,
        async {
            for request in [1, 2] {
                corner
                    .bus
                    .publish(&leave(request), &request.to_string())
                    .await
                    .unwrap();
            }
            done.notified().await;
        },
    )
    .await;
    assert!(parked(&db).await.is_empty());
}

#[tokio::test]
async fn a_message_whose_handler_dies_on_every_delivery_is_swept_into_the_dead_letters() {
    let corner = Corner::new().await;
    let (_database, db) = matchers_database().await;
    let consumer = LEAVES.deliveries(1).ack_wait(Duration::from_millis(300));
    corner.bus.publish(&leave(1), "1").await.unwrap();
    for _ in 0..2 {
        let begun = Arc::new(Notify::new());
        let handler = async |_| {
            begun.notify_one();
            pending().await
        };
        let consuming =
            corner
                .bus
                .clone()
                .consume(db.clone(), consumer.clone(), &handler, <_>::default());
        // Dropping the consumer in the middle of the handler is what a crash looks like.
        tokio::select! {
            ended = consuming => panic!("ended by itself: {ended:?}"),
            () = begun.notified() => {}
        }
    }
    let done = Notify::new();
    let handler = async |_| {
        done.notify_one();
        Ok(())
    };
    while_consuming(&corner.bus, &db, consumer, &handler, async {
        testkit::eventually(LIMIT, async || parked(&db).await.len() == 1).await;
        corner.bus.publish(&leave(2), "2").await.unwrap();
        done.notified().await;
    })
    .await;
    let parked = parked(&db).await;
    assert_eq!(
        (parked[0].consumer.as_str(), parked[0].stream_sequence),
        ("leaves", 1)
    );
}

#[tokio::test]
async fn a_long_handler_is_not_delivered_a_second_time() {
    let corner = Corner::new().await;
    let (_database, db) = matchers_database().await;
    let ack_wait = Duration::from_millis(200);
    let handled = AtomicU32::new(0);
    let done = Notify::new();
    let handler = async |_| {
        handled.fetch_add(1, Ordering::SeqCst);
        // As long as several redeliveries would take.
        tokio::time::sleep(ack_wait * 5).await;
        done.notify_one();
        Ok(())
    };
    while_consuming(
        &corner.bus,
        &db,
        LEAVES.ack_wait(ack_wait),
        &handler,
        async {
            corner.bus.publish(&leave(1), "1").await.unwrap();
            done.notified().await;
        },
    )
    .await;
    assert_eq!(handled.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_shutdown_finishes_what_is_begun() {
    let corner = Corner::new().await;
    let (_database, db) = matchers_database().await;
    let shutdown = CancellationToken::new();
    let finished = AtomicU32::new(0);
    let handler = async |_| {
        shutdown.cancel();
        db.ping().await?;
        finished.fetch_add(1, Ordering::SeqCst);
        Ok(())
    };
    for request in 1..=3 {
        corner
            .bus
            .publish(&leave(request), &request.to_string())
            .await
            .unwrap();
    }
    let consumed = corner
        .bus
        .clone()
        .consume(db.clone(), LEAVES, &handler, shutdown.clone());
    consumed.await.unwrap();
    assert_eq!(
        finished.load(Ordering::SeqCst),
        1,
        "one at a time, and none after the shutdown"
    );
}

#[tokio::test]
async fn consuming_goes_on_after_nats_was_killed() {
    let mut server = testkit::Server::nats().await;
    let bus = Bus::connect(&settings(server.url().as_str(), ""), "test")
        .await
        .unwrap();
    bus.declare_streams().await.unwrap();
    let (_database, db) = matchers_database().await;
    let (handled, mut order) = mpsc::unbounded_channel();
    let handler = async |delivery: Delivery| {
        handled.send(request(&delivery)?).unwrap();
        Ok(())
    };
    let work = while_consuming(&bus, &db, LEAVES, &handler, async {
        bus.publish(&leave(1), "1").await.unwrap();
        assert_eq!(order.recv().await, Some(1));
        server.kill().await;
        server.start().await;
        testkit::eventually(LIMIT, async || bus.publish(&leave(2), "2").await.is_ok()).await;
        let next = timeout(LIMIT, async {
            loop {
                // The first message comes again where its acknowledgement died with the server.
                match order.recv().await {
                    Some(1) => {}
                    next => break next,
                }
            }
        });
        assert_eq!(next.await.expect("a message in time"), Some(2));
    });
    Box::pin(work).await;
}

/// Runs a consumer until a table has no rows but `kept`, whom everybody may see.
async fn clears(table: &str, insert: &str, kept: i64) {
    let corner = Corner::new().await;
    let (database, db) = matchers_database().await;
    let superuser = Db::connect_as_operator(database.url().as_str())
        .await
        .unwrap();
    let connection = superuser.connection();
    connection.execute_unprepared(insert).await.unwrap();
    let handler = async |_| Ok(());
    while_consuming(&corner.bus, &db, LEAVES, &handler, async {
        testkit::eventually(LIMIT, async || {
            let count = format!("SELECT count(*) AS kept FROM {table}");
            let count = Statement::from_string(DbBackend::Postgres, count);
            let row = connection.query_one_raw(count).await.unwrap().unwrap();
            row.try_get::<i64>("", "kept").unwrap() == kept
        })
        .await;
    })
    .await;
}

#[tokio::test]
async fn the_inbox_forgets_what_its_stream_forgot_a_day_ago() {
    let insert = "INSERT INTO inbox (service, consumer, message_id, received_at) VALUES
        ('matcher', 'leaves', 'old', now() - interval '49 hours'),
        ('matcher', 'leaves', 'young', now() - interval '47 hours'),
        ('matcher', 'others', 'old', now() - interval '49 hours')";
    clears("inbox", insert, 2).await;
}

#[tokio::test]
async fn outcomes_of_commands_are_forgotten_after_a_month() {
    let insert = "INSERT INTO command_outcomes
            (service, caller_id, verb, request_id, body_hash, outcome, created_at)
        SELECT service, gen_random_uuid(), 'v', gen_random_uuid(), '', '{}',
            now() - make_interval(days => age)
        FROM unnest(ARRAY['matcher', 'treasury']) service, generate_series(29, 31, 2) age,
            generate_series(1, 1500)";
    clears("command_outcomes", insert, 4_500).await;
}

#[tokio::test]
async fn dead_letters_are_forgotten_a_quarter_after_a_person_saw_to_them() {
    let insert = "INSERT INTO dead_letters (service, consumer, stream, stream_sequence, subject,
            payload, cause, deliveries, parked_at, resolution, resolved_at)
        SELECT 'matcher', 'leaves', 's', number, 's', '', '', 1, now() - interval '200 days',
            CASE WHEN number > 1 THEN 'DROPPED' END,
            CASE number WHEN 2 THEN now() - interval '89 days'
                WHEN 3 THEN now() - interval '91 days' END
        FROM generate_series(1, 3) number";
    clears("dead_letters", insert, 2).await;
}
