//! Orders: answered, refused, and on their way while the arena is silent.

use contracts::Code;
use contracts::commands::{Answer, Ask, Refused};
use contracts::positions::{ClosePosition, NewPosition};
use domain::id::BattleId;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::client::{Client, Told};
use crate::rows::Position;
use crate::stage::Stage;

const ORDER: &str = "mutation($input: CreateGameMatchPositionInput!, $request: UUID) {
    createGameMatchPosition(createGameInput: $input, requestId: $request) {
        id status code margin leverage baseToken quoteToken gameMatchID size } }";
const LOOK: &str = "query($id: ID!) { gameMatchPosition(id: $id) { id status code margin } }";

fn input(battle: BattleId) -> Value {
    json!({ "matchID": battle, "baseToken": "BTC", "side": "BUY", "type": "MARKET",
        "margin": "10", "leverage": 2 })
}

async fn order(client: &Client, battle: BattleId, request: Uuid) -> Told {
    client
        .ask(ORDER, json!({ "input": input(battle), "request": request }))
        .await
}

async fn scene() -> (Stage, Client, BattleId, String) {
    let stage = Stage::new().await;
    let ann = stage.signed_in("ann@example.com").await;
    let id = ann.id().await;
    let game = stage.game("Duel").await;
    let battle = stage.battle(&game, &[&id], "OPEN").await;
    (stage, ann, battle, id)
}

/// What the arena would write about the outcome of a stored order.
async fn keep_outcome(stage: &Stage, question: &NewPosition, outcome: Value) {
    let caller = question.caller;
    stage
        .script(&format!(
            "INSERT INTO position_outcomes
                (battle_id, player_id, request_id, position_id, body_hash, outcome)
             VALUES ('{}', '{}', '{}', '{}', '{}', '{outcome}')",
            question.battle,
            caller.user,
            caller.request,
            question.order.position,
            question.body_hash()
        ))
        .await;
}

#[tokio::test]
async fn an_order_that_is_taken_shows_as_the_arena_keeps_it() {
    let (mut stage, ann, battle, id) = scene().await;
    let request = Uuid::from_u128(1);
    let position = contracts::positions::position_id(battle, id.parse().unwrap(), request.into());
    stage
        .position(&Position {
            id: position,
            battle,
            player: &id,
            number: 1,
            margin: 1_000_000_000,
        })
        .await;
    stage
        .answer(|question: NewPosition| Answer::Done {
            value: question.order.position,
        })
        .await;
    let told = order(&ann, battle, request).await.data()["createGameMatchPosition"].clone();
    assert_eq!(told["id"], position.to_string());
    assert_eq!(
        (&told["margin"], &told["size"]),
        (&json!("10"), &json!("20"))
    );
    assert_eq!(
        (&told["baseToken"], &told["quoteToken"]),
        (&json!("bitcoin"), &json!("USDT"))
    );
}

#[tokio::test]
async fn a_refusal_is_an_error_with_its_code() {
    let (mut stage, ann, battle, _) = scene().await;
    stage
        .answer(|_: NewPosition| Answer::Refused {
            refusal: Refused::new(Code::InsufficientVBalance),
        })
        .await;
    assert_eq!(
        order(&ann, battle, Uuid::from_u128(1)).await.code(),
        "INSUFFICIENT_V_BALANCE"
    );
}

#[tokio::test]
async fn while_the_arena_is_silent_an_order_is_pending_and_later_what_became_of_it() {
    let (stage, ann, battle, id) = scene().await;
    let told =
        order(&ann, battle, Uuid::from_u128(1)).await.data()["createGameMatchPosition"].clone();
    assert_eq!(
        (&told["status"], &told["margin"]),
        (&json!("PENDING"), &json!("10"))
    );
    let look = async || {
        let told = ann.ask(LOOK, json!({ "id": told["id"] })).await.data();
        told["gameMatchPosition"].clone()
    };
    assert_eq!(look().await["status"], "PENDING");

    let question = stage.questions::<NewPosition>(1).await.remove(0);
    keep_outcome(&stage, &question, json!({ "refused": "FEED_STALE" })).await;
    let refused = look().await;
    assert_eq!(
        (&refused["status"], &refused["code"]),
        (&json!("REJECTED"), &json!("FEED_STALE"))
    );

    let position = question.order.position;
    stage
        .position(&Position {
            id: position,
            battle,
            player: &id,
            number: 1,
            margin: 1_000_000_000,
        })
        .await;
    assert_eq!(look().await["code"], Value::Null);
}

#[tokio::test]
async fn an_order_on_its_way_is_nobody_elses_business() {
    let (stage, ann, battle, _) = scene().await;
    let told = order(&ann, battle, Uuid::from_u128(1)).await.data();
    let bob = stage.signed_in("bob@example.com").await;
    let id = told["createGameMatchPosition"]["id"].clone();
    let told = bob.ask(LOOK, json!({ "id": id })).await.data();
    assert_eq!(told["gameMatchPosition"], Value::Null);
}

#[tokio::test]
async fn an_order_that_was_never_answered_is_rejected_once_the_match_is_over() {
    let (stage, ann, battle, _) = scene().await;
    let told = order(&ann, battle, Uuid::from_u128(1)).await.data();
    let id = told["createGameMatchPosition"]["id"].clone();
    stage.script("UPDATE battles SET status = 'CLOSED'").await;
    let told = ann.ask(LOOK, json!({ "id": id })).await.data();
    let told = &told["gameMatchPosition"];
    assert_eq!(
        (&told["status"], &told["code"]),
        (&json!("REJECTED"), &json!("MATCH_NOT_OPEN"))
    );
}

#[tokio::test]
async fn a_retry_while_the_arena_is_silent_is_the_same_order() {
    let (stage, ann, battle, _) = scene().await;
    let request = Uuid::from_u128(1);
    let first = order(&ann, battle, request).await.data();
    let again = order(&ann, battle, request).await.data();
    assert_eq!(first, again);
    let question = stage.questions::<NewPosition>(1).await.remove(0);
    keep_outcome(&stage, &question, json!({ "refused": "INVALID_MARGIN" })).await;
    assert_eq!(order(&ann, battle, request).await.code(), "INVALID_MARGIN");
}

#[tokio::test]
async fn another_order_under_the_same_request_is_a_conflict() {
    let (stage, ann, battle, _) = scene().await;
    let request = Uuid::from_u128(1);
    order(&ann, battle, request).await.data();
    let question = stage.questions::<NewPosition>(1).await.remove(0);
    keep_outcome(&stage, &question, json!({ "refused": "INVALID_MARGIN" })).await;
    let mut other = input(battle);
    other["margin"] = json!("11");
    let told = ann
        .ask(ORDER, json!({ "input": other, "request": request }))
        .await;
    assert_eq!(told.code(), "IDEMPOTENCY_CONFLICT");
}

#[tokio::test]
async fn an_outsiders_order_is_refused_even_while_the_arena_is_silent() {
    let (stage, _, battle, _) = scene().await;
    let bob = stage.signed_in("bob@example.com").await;
    assert_eq!(
        order(&bob, battle, Uuid::from_u128(1)).await.code(),
        "NOT_A_PARTICIPANT"
    );
}

#[tokio::test]
async fn an_unknown_asset_is_for_the_arena_to_refuse() {
    let (mut stage, ann, battle, _) = scene().await;
    stage
        .answer(|question: NewPosition| {
            assert_eq!(question.order.symbol, domain::order::Entered::Malformed);
            Answer::Refused {
                refusal: Refused::new(Code::AssetNotFound),
            }
        })
        .await;
    let mut unknown = input(battle);
    unknown["baseToken"] = json!("tulips");
    let told = ann.ask(ORDER, json!({ "input": unknown })).await;
    assert_eq!(told.code(), "ASSET_NOT_FOUND");
}

#[tokio::test]
async fn closing_answers_with_the_position_or_says_why_not() {
    let (mut stage, ann, battle, id) = scene().await;
    let position = runtime::ids::mint();
    stage
        .position(&Position {
            id: position,
            battle,
            player: &id,
            number: 1,
            margin: 1_000_000_000,
        })
        .await;
    let close = "mutation($id: ID!) {
        closeGameMatchPosition(id: $id) { position { id } userErrors { code } } }";
    let silent = ann.ask(close, json!({ "id": position })).await;
    assert_eq!(silent.code(), "OUTCOME_UNKNOWN");
    stage
        .answer(|_: ClosePosition| Answer::Refused {
            refusal: Refused::new(Code::PositionNotOpen),
        })
        .await;
    let told = ann.ask(close, json!({ "id": position })).await.data();
    let told = &told["closeGameMatchPosition"];
    assert_eq!(told["userErrors"][0]["code"], "POSITION_NOT_OPEN");
    assert_eq!(told["position"], Value::Null);
}
