//! Into the queue, with a matcher that answers, refuses or says nothing.

use std::time::{Duration, Instant};

use contracts::commands::{Answer, Ask, Refused};
use contracts::matchmaking::{Add, Queued};
use contracts::{Code, Topic};
use serde_json::json;
use uuid::Uuid;

use crate::stage::Stage;

const JOIN: &str = "mutation($id: ID!, $request: UUID) { joinGame(id: $id, requestId: $request) }";
const GAME: &str = "00000000-0000-4000-8000-000000000001";

#[tokio::test]
async fn a_join_that_the_matcher_takes_is_true() {
    let mut stage = Stage::new().await;
    let ann = stage.signed_in("ann@example.com").await;
    stage
        .answer(|add: Add| Answer::Done {
            value: Queued { ticket: add.ticket },
        })
        .await;
    let told = ann.ask(JOIN, json!({ "id": GAME })).await.data();
    assert_eq!(told["joinGame"], true);
}

#[tokio::test]
async fn a_refused_join_is_an_error_with_its_code() {
    let mut stage = Stage::new().await;
    let ann = stage.signed_in("ann@example.com").await;
    stage
        .answer(|_: Add| Answer::Refused {
            refusal: Refused::new(Code::InsufficientBalance),
        })
        .await;
    assert_eq!(
        ann.ask(JOIN, json!({ "id": GAME })).await.code(),
        "INSUFFICIENT_BALANCE"
    );
    assert_eq!(
        ann.ask(JOIN, json!({ "id": "no id" })).await.code(),
        "GAME_NOT_FOUND"
    );
}

#[tokio::test]
async fn while_the_matcher_is_silent_a_join_fails_and_says_when_it_lapses() {
    let stage = Stage::new().await;
    let ann = stage.signed_in("ann@example.com").await;
    let (began, sent_at_ms) = (Instant::now(), stage.clock.clock().now_ms());
    assert_eq!(
        ann.ask(JOIN, json!({ "id": GAME })).await.code(),
        "SERVICE_UNAVAILABLE"
    );
    assert!(began.elapsed() < Duration::from_secs(4));
    let add = stage.questions::<Add>(1).await.remove(0);
    assert_eq!(add.expires_at_ms, sent_at_ms + 2_000);
}

#[tokio::test]
async fn a_retry_hears_what_the_matcher_kept() {
    let stage = Stage::new().await;
    let ann = stage.signed_in("ann@example.com").await;
    let variables = json!({ "id": GAME, "request": Uuid::from_u128(5) });
    assert_eq!(
        ann.ask(JOIN, variables.clone()).await.code(),
        "SERVICE_UNAVAILABLE"
    );
    let add = stage.questions::<Add>(1).await.remove(0);
    let outcome = Answer::Done::<Queued> {
        value: Queued { ticket: add.ticket },
    };
    stage
        .script(&format!(
            "INSERT INTO command_outcomes
                (service, caller_id, verb, request_id, body_hash, outcome)
             VALUES ('matcher', '{}', '{}', '{}', '{}', '{}')",
            add.player,
            Topic::MatchmakingAdd.pattern(),
            add.request,
            add.body_hash(),
            serde_json::to_string(&outcome).unwrap()
        ))
        .await;
    assert_eq!(ann.ask(JOIN, variables).await.data()["joinGame"], true);
}

#[tokio::test]
async fn how_long_a_place_waits_is_told_with_what_the_estimate_is_worth() {
    let stage = Stage::new().await;
    let ann = stage.signed_in("ann@example.com").await;
    let (id, game) = (ann.id().await, stage.game("Duel").await.id);
    let query = "{ queueTickets { edges { node { estimatedWaitMs estimatedWaitErrorMs } } } }";
    let told = async || {
        let answer = ann.ask(query, json!({})).await;
        answer.data()["queueTickets"]["edges"][0]["node"].clone()
    };
    // It was told a moment ago that it will wait for an hour, which is far more than a test takes, or
    // than the clocks of Postgres and of the gateway lie apart.
    stage
        .script(&format!(
            "INSERT INTO tickets (id, game_id, game_version, player_id, status, cups, queued_at_ms,
                expires_at_ms, estimated_wait_ms, estimated_wait_error_ms)
             SELECT gen_random_uuid(), '{game}', 1, '{id}', 'QUEUED', 0, now_ms, now_ms + 3600000,
                3600000, 1500
             FROM (SELECT (extract(epoch FROM now()) * 1000)::bigint AS now_ms) now"
        ))
        .await;
    let node = told().await;
    let wait = node["estimatedWaitMs"].as_i64().unwrap();
    assert!((3_000_000..=4_200_000).contains(&wait), "{wait}");
    assert_eq!(node["estimatedWaitErrorMs"], 1_500);
    stage
        .script("UPDATE tickets SET queued_at_ms = queued_at_ms - 7200000")
        .await;
    assert_eq!(told().await["estimatedWaitMs"], 0);
    stage
        .script("UPDATE tickets SET estimated_wait_ms = NULL")
        .await;
    assert_eq!(told().await["estimatedWaitMs"], json!(null));
}
