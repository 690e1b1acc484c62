//! Messages in, messages out, and what was answered.

use contracts::commands::{Answer, Caller, CreateWallet, Refused};
use contracts::treasury::Posted;
use contracts::{Code, Message, Service};
use domain::money::{Currency, Money};
use futures::FutureExt;
use serde_json::json;
use store::dead_letter::{self, DeadLetter};
use store::entity::dead_letter::Resolution;
use store::outbox::Waiting;
use store::outcome::{self, Kept};
use store::{Db, inbox, outbox};
use uuid::Uuid;

use crate::stage::{ALICE, BOB, Stage, id, scanned};

const LONG_AGO_S: i64 = 0;

fn message(minor: i64) -> Posted {
    Posted {
        transfer: id(1),
        user: ALICE,
        amount: Money {
            minor,
            currency: Currency::Usdt,
        },
        kind: "test".to_owned(),
    }
}

async fn announce(db: &Db, aggregate: Uuid, version: i64, minor: i64) {
    let tx = db.begin().await.unwrap();
    let row = Uuid::from_u128(minor.unsigned_abs().into());
    tx.announce(aggregate, version, row, &message(minor))
        .await
        .unwrap();
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn a_message_is_handled_once() {
    let stage = Stage::new().await;
    let db = stage.db(Service::Matcher).await;
    let lost = db.begin().await.unwrap();
    assert!(lost.first_time("consumer", "1").await.unwrap());
    lost.rollback().await.unwrap();
    let kept = db.begin().await.unwrap();
    assert!(
        kept.first_time("consumer", "1").await.unwrap(),
        "the first try left nothing"
    );
    kept.commit().await.unwrap();
    let again = db.begin().await.unwrap();
    assert!(!again.first_time("consumer", "1").await.unwrap());
    assert!(again.first_time("another consumer", "1").await.unwrap());
}

#[tokio::test]
async fn handled_messages_are_forgotten_in_the_end() {
    let stage = Stage::new().await;
    let db = stage.db(Service::Matcher).await;
    let tx = db.begin().await.unwrap();
    for id in ["1", "2", "3"] {
        tx.first_time("consumer", id).await.unwrap();
    }
    tx.commit().await.unwrap();
    let tx = db.begin().await.unwrap();
    assert_eq!(
        inbox::delete_handled(&tx, "consumer", 3_600, 10)
            .await
            .unwrap(),
        0
    );
    assert_eq!(
        inbox::delete_handled(&tx, "consumer", LONG_AGO_S, 2)
            .await
            .unwrap(),
        2
    );
}

#[tokio::test]
async fn a_commit_wakes_the_relay_only_if_there_is_something_to_publish() {
    let stage = Stage::new().await;
    let db = stage.db(Service::Treasury).await;
    let written = db.outbox_written();
    db.begin().await.unwrap().commit().await.unwrap();
    let dropped = db.begin().await.unwrap();
    dropped
        .announce(ALICE, 1, Uuid::from_u128(1), &message(1))
        .await
        .unwrap();
    drop(dropped);
    assert_eq!(written.take().now_or_never(), None);
    announce(&db, ALICE.uuid(), 1, 1).await;
    let bucket = i16::from(outbox::bucket(ALICE.uuid()));
    assert_eq!(written.take().now_or_never(), Some(vec![bucket]));
}

#[tokio::test]
async fn an_aggregate_is_published_in_the_order_of_its_versions() {
    let stage = Stage::new().await;
    let db = stage.db(Service::Treasury).await;
    let aggregate = ALICE.uuid();
    for (version, minor) in [(2, 20), (3, 30), (1, 10), (3, 31)] {
        announce(&db, aggregate, version, minor).await;
    }
    let buckets = outbox::waiting_buckets(&db).await.unwrap();
    assert_eq!(buckets, [i16::from(outbox::bucket(aggregate))]);

    let tx = db.begin().await.unwrap();
    // However small the pages, none shows a version before an earlier one.
    let mut published = Vec::new();
    loop {
        let page = outbox::list_unpublished(&tx, &buckets, &[], 1)
            .await
            .unwrap();
        let Some(Waiting { row, .. }) = page.first() else {
            break;
        };
        published.push((row.version, row.subject.clone(), row.payload.clone()));
        outbox::mark_published(&tx, &[row.id]).await.unwrap();
    }
    let expected = [(1, 10), (2, 20), (3, 30), (3, 31)].map(|(version, minor)| {
        let message = message(minor);
        (
            version,
            message.subject(),
            serde_json::to_string(&message).unwrap(),
        )
    });
    assert_eq!(published, expected);
    tx.commit().await.unwrap();
    let tx = db.begin().await.unwrap();
    assert_eq!(
        outbox::waiting_buckets(&tx).await.unwrap(),
        Vec::<i16>::new()
    );
    assert_eq!(outbox::delete_published(&tx, 3_600, 10).await.unwrap(), 0);
    assert_eq!(
        outbox::delete_published(&tx, LONG_AGO_S, 10).await.unwrap(),
        4
    );
}

#[tokio::test]
async fn rows_of_many_buckets_share_a_page_and_none_is_left_out() {
    let stage = Stage::new().await;
    let db = stage.db(Service::Treasury).await;
    let aggregates: Vec<Uuid> = (1..=20).map(Uuid::from_u128).collect();
    for version in [2, 1] {
        for (place, aggregate) in (0..).zip(&aggregates) {
            announce(&db, *aggregate, version, version * 100 + place).await;
        }
    }
    let buckets = outbox::waiting_buckets(&db).await.unwrap();
    assert!(buckets.len() > 10, "{buckets:?}");

    let tx = db.begin().await.unwrap();
    let aside = outbox::list_unpublished(&tx, &buckets, &aggregates[1..], 100).await;
    let aside = aside.unwrap();
    assert_eq!(
        aside.len(),
        2,
        "the aggregates that are passed over are not listed"
    );
    let mut published: Vec<(Uuid, i64)> = Vec::new();
    loop {
        let page = outbox::list_unpublished(&tx, &buckets, &[], 7)
            .await
            .unwrap();
        if page.is_empty() {
            break;
        }
        assert!(page.len() <= 7);
        published.extend(page.iter().map(|it| (it.row.aggregate_id, it.row.version)));
        let ids: Vec<_> = page.iter().map(|it| it.row.id).collect();
        outbox::mark_published(&tx, &ids).await.unwrap();
    }
    for aggregate in aggregates {
        let rows = published.iter().filter(|(of, _)| *of == aggregate);
        let versions: Vec<_> = rows.map(|(_, version)| *version).collect();
        assert_eq!(versions, [1, 2]);
    }
}

#[tokio::test]
async fn one_relay_holds_a_bucket_at_a_time() {
    let stage = Stage::new().await;
    let db = stage.db(Service::Treasury).await;
    let other_service = stage.db(Service::Matcher).await;
    let first = db.begin().await.unwrap();
    assert_eq!(outbox::lock_buckets(&first, &[7]).await.unwrap(), [7]);
    let second = db.begin().await.unwrap();
    let left = outbox::lock_buckets(&second, &[7, 8]).await.unwrap();
    assert_eq!(left, [8]);
    let third = other_service.begin().await.unwrap();
    let others = outbox::lock_buckets(&third, &[7]).await.unwrap();
    assert_eq!(others, [7], "another service has its own");
    first.rollback().await.unwrap();
    assert_eq!(outbox::lock_buckets(&second, &[7]).await.unwrap(), [7]);
}

#[tokio::test]
async fn a_relay_sees_its_own_services_rows_alone() {
    let stage = Stage::new().await;
    let treasury = stage.db(Service::Treasury).await;
    announce(&treasury, ALICE.uuid(), 1, 1).await;
    let matcher = stage.db(Service::Matcher).await;
    assert_eq!(
        outbox::waiting_buckets(&matcher).await.unwrap(),
        Vec::<i16>::new()
    );
}

/// For how many seconds the oldest row of a service has waited.
async fn oldest_s(db: &Db, service: &str) -> i64 {
    let oldest = outbox::oldest(db).await.unwrap();
    assert_eq!(oldest.service, service);
    oldest.waiting_s
}

#[tokio::test]
async fn a_service_knows_for_how_long_the_oldest_of_its_own_rows_waits() {
    const HOUR_S: i64 = 3_600;
    let stage = Stage::new().await;
    let db = stage.db(Service::Treasury).await;
    assert_eq!(oldest_s(&db, "treasury").await, 0);
    for (hours, user) in (1..).zip([ALICE, BOB]) {
        announce(&db, user.uuid(), 1, hours).await;
        let earlier = format!(
            "UPDATE outbox SET created_at = created_at - interval '{hours} hours'
             WHERE aggregate_id = '{user}'"
        );
        stage.meddle(&earlier).await;
    }
    let both = oldest_s(&db, "treasury").await;
    assert!((2 * HOUR_S..3 * HOUR_S).contains(&both), "{both}");
    let matcher = stage.db(Service::Matcher).await;
    assert_eq!(oldest_s(&matcher, "matcher").await, 0);

    let published = format!("UPDATE outbox SET published_at = now() WHERE aggregate_id = '{BOB}'");
    stage.meddle(&published).await;
    let left = oldest_s(&db, "treasury").await;
    assert!((HOUR_S..2 * HOUR_S).contains(&left), "{left}");
}

fn ask(request: u128, currency: Currency) -> CreateWallet {
    CreateWallet {
        caller: Caller {
            user: ALICE,
            request: id(request),
        },
        currency,
    }
}

#[tokio::test]
async fn a_repeat_hears_what_was_answered_first() {
    let stage = Stage::new().await;
    let db = stage.db(Service::Treasury).await;
    let question = ask(1, Currency::Usdt);
    let refusal = Answer::Refused {
        refusal: Refused::new(Code::WalletExists),
    };
    let tx = db.begin().await.unwrap();
    assert_eq!(
        outcome::find(&tx, Service::Treasury, &question)
            .await
            .unwrap(),
        Kept::New
    );
    outcome::keep(&tx, &question, &refusal).await.unwrap();
    tx.commit().await.unwrap();

    let web = stage.db(Service::Web).await;
    for reader in [&db, &web] {
        let kept = outcome::find(reader, Service::Treasury, &question)
            .await
            .unwrap();
        assert_eq!(kept, Kept::Answered(refusal.clone()));
        let other = outcome::find(reader, Service::Treasury, &ask(1, Currency::Sol))
            .await
            .unwrap();
        assert_eq!(other, Kept::Conflict);
        let new = outcome::find(reader, Service::Treasury, &ask(2, Currency::Usdt))
            .await
            .unwrap();
        assert_eq!(new, Kept::New);
    }
}

#[tokio::test]
async fn two_answers_to_one_request_conflict() {
    let stage = Stage::new().await;
    let db = stage.db(Service::Treasury).await;
    let question = ask(1, Currency::Usdt);
    let done = Answer::Done {
        value: Currency::Usdt,
    };
    let first = db.begin().await.unwrap();
    outcome::keep(&first, &question, &done).await.unwrap();
    first.commit().await.unwrap();
    let second = db.begin().await.unwrap();
    let refused = outcome::keep(&second, &question, &done).await.unwrap_err();
    assert!(matches!(refused, store::Error::Conflict(_)), "{refused:?}");
}

#[tokio::test]
async fn a_dead_letter_waits_for_a_person() {
    let stage = Stage::new().await;
    let db = stage.db(Service::Matcher).await;
    let letter = DeadLetter {
        consumer: "battles".to_owned(),
        stream: "ARENA".to_owned(),
        stream_sequence: 7,
        subject: contracts::Topic::ArenaBattle.pattern().to_owned(),
        message_id: Some("m".to_owned()),
        headers: json!({ "a": "b" }),
        payload: vec![0xff],
        cause: "not JSON".to_owned(),
        deliveries: 6,
    };
    dead_letter::park(&db, &letter).await.unwrap();
    dead_letter::park(&db, &letter).await.unwrap();

    let operator = stage.superuser().await;
    let waiting = dead_letter::list_waiting(&operator, 0, 10).await.unwrap();
    assert_eq!(waiting.len(), 1, "parked once");
    assert_eq!(
        (waiting[0].service.as_str(), &waiting[0].payload),
        ("matcher", &letter.payload)
    );
    let counts = dead_letter::count_waiting(&operator).await.unwrap();
    assert_eq!(
        (counts[0].service.as_str(), counts[0].messages),
        ("matcher", 1)
    );

    let other = DeadLetter {
        stream: "BATTLES".to_owned(),
        ..letter.clone()
    };
    let treasury = stage.db(Service::Treasury).await;
    dead_letter::park(&treasury, &other).await.unwrap();
    let own = dead_letter::count_own(&db).await.unwrap();
    let own: Vec<_> = own
        .iter()
        .map(|it| (it.stream.as_str(), it.messages))
        .collect();
    assert_eq!(own, [("ARENA", 1)]);

    let tx = operator.begin().await.unwrap();
    let locked = dead_letter::lock_waiting(&tx, waiting[0].id)
        .await
        .unwrap()
        .unwrap();
    dead_letter::resolve(&tx, locked.id, Resolution::Dropped)
        .await
        .unwrap();
    assert_eq!(
        dead_letter::lock_waiting(&tx, locked.id).await.unwrap(),
        None
    );
    tx.commit().await.unwrap();
    assert_eq!(dead_letter::count_own(&db).await.unwrap(), []);
    let left = dead_letter::count_waiting(&operator).await.unwrap();
    let left: Vec<_> = left.iter().map(|it| it.service.as_str()).collect();
    assert_eq!(left, ["treasury"]);
}

#[tokio::test]
async fn an_outbox_that_was_empty_at_first_is_not_read_from_end_to_end_later() {
    let (table, index) = ("outbox", "outbox_waiting");
    let stage = Stage::new().await;
    let db = stage.db_on(stage.port()).await;
    stage.meddle("VACUUM ANALYZE outbox").await;
    assert_eq!(outbox::waiting_buckets(&db).await.unwrap(), [0_i16; 0]);
    assert_eq!(oldest_s(&db, "treasury").await, 0);
    stage
        .meddle(
            "INSERT INTO outbox (id, service, bucket, aggregate_id, version, subject, payload,
                     created_at, published_at)
                 SELECT gen_random_uuid(), 'treasury', n % 64, gen_random_uuid(), 1, 'test', '',
                     now() - interval '1 hour', CASE WHEN n <> 7 THEN now() END
                 FROM generate_series(1, 10000) n",
        )
        .await;
    let before = scanned(&stage, &db, table, index).await;
    assert_eq!(outbox::waiting_buckets(&db).await.unwrap(), [7]);
    assert!(oldest_s(&db, "treasury").await >= 3_600);
    let after = scanned(&stage, &db, table, index).await;
    // The oldest is asked for bucket by bucket, so that it costs the same however much waits.
    let expected = (0, 1 + i64::from(outbox::BUCKETS));
    assert_eq!((after.0 - before.0, after.1 - before.1), expected);
}
