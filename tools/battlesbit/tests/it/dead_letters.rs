//! `battlesbit dead-letters`.

use bus::{Bus, NatsSettings};
use contracts::{Service, Stream, Topic};
use serde_json::json;
use store::dead_letter::{self, DeadLetter};

use crate::operator::Operator;

async fn parks_one(operator: &Operator) {
    let letter = DeadLetter {
        consumer: "battles".to_owned(),
        stream: Topic::MatchmakingAdd.stream().name().to_owned(),
        stream_sequence: 7,
        subject: Topic::MatchmakingAdd.pattern().to_owned(),
        message_id: Some("m1".to_owned()),
        headers: json!({ "Nats-Msg-Id": ["m1"], "traceparent": ["t"] }),
        payload: b"{\"secret\":1}".to_vec(),
        cause: "not what was expected".to_owned(),
        deliveries: 6,
    };
    dead_letter::park(&operator.db(Service::Arena).await, &letter)
        .await
        .unwrap();
}

async fn streams(operator: &Operator) -> Bus {
    let prefix = operator.space.prefix().to_owned().try_into().unwrap();
    let settings = NatsSettings {
        max_stream_bytes: Some(1 << 20),
        ..NatsSettings::new(operator.space.nats_url(), prefix)
    };
    let bus = Bus::connect(&settings, "test").await.unwrap();
    bus.declare_streams().await.unwrap();
    bus
}

#[tokio::test]
async fn one_is_listed_without_its_body_and_dropped_once() {
    let operator = Operator::new().await;
    assert_eq!(
        operator.runs(&["dead-letters", "count"]).await.said,
        "no dead letters\n"
    );
    parks_one(&operator).await;
    assert_eq!(
        operator.runs(&["dead-letters", "count"]).await.said,
        "arena: 1 dead letters\n"
    );
    let listed = operator.runs(&["dead-letters", "list", "--json"]).await;
    let letter: serde_json::Value = serde_json::from_str(&listed.said).unwrap();
    assert_eq!(letter["cause"], "not what was expected");
    assert!(!listed.said.contains("secret"), "{listed:?}");
    let id = letter["id"].to_string();
    assert!(
        operator
            .runs(&["dead-letters", "drop", &id])
            .await
            .succeeded
    );
    let again = operator.runs(&["dead-letters", "drop", &id]).await;
    assert!(
        !again.succeeded && again.complained.contains("no dead letter"),
        "{again:?}"
    );
    assert_eq!(operator.runs(&["dead-letters", "list"]).await.said, "");
}

#[tokio::test]
async fn a_replayed_one_is_in_its_stream_again() {
    let operator = Operator::new().await;
    let bus = streams(&operator).await;
    parks_one(&operator).await;
    let before = bus.bounds(Stream::Matchmaking).await.unwrap().last;
    let ran = operator.runs(&["dead-letters", "replay", "1"]).await;
    assert!(ran.succeeded, "{ran:?}");
    assert_eq!(
        bus.bounds(Stream::Matchmaking).await.unwrap().last,
        before + 1
    );
    assert_eq!(
        operator.runs(&["dead-letters", "count"]).await.said,
        "no dead letters\n"
    );
    // The same id again within two minutes reaches nobody, and the operator is told.
    parks_one_again(&operator).await;
    let early = operator.runs(&["dead-letters", "replay", "2"]).await;
    assert!(
        !early.succeeded && early.complained.contains("two minutes"),
        "{early:?}"
    );
    assert_eq!(
        operator.runs(&["dead-letters", "count"]).await.said,
        "arena: 1 dead letters\n"
    );
}

async fn parks_one_again(operator: &Operator) {
    use sea_orm::ConnectionTrait;
    let superuser = operator.superuser().await;
    let copy = "INSERT INTO dead_letters (service, consumer, stream, stream_sequence, subject,
             message_id, headers, payload, cause, deliveries)
         SELECT service, consumer, stream, 8, subject, message_id, headers, payload, cause, 1
         FROM dead_letters";
    superuser
        .connection()
        .execute_unprepared(copy)
        .await
        .unwrap();
}
