//! Orders: answered, refused, and on their way while the arena is silent.

use std::sync::atomic::{AtomicU32, Ordering};

use contracts::commands::{Answer, Ask, Refused};
use contracts::positions::{AmendPosition, ClosePosition, FirstRow, NewPosition, Taken};
use contracts::{Code, Stream};
use domain::id::{BattleId, PositionId};
use domain::order::LevelChange;
use domain::position::{End, EndCause, PositionStatus};
use domain::timestamp::Timestamp;
use serde_json::{Value, json};
use testkit::{Server, Space};
use uuid::Uuid;

use crate::client::{Client, Told};
use crate::rows::Position;
use crate::stage::{LIMIT, Stage};

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

/// What the arena says of a request whose position has a row already.
fn before(position: PositionId) -> Taken {
    Taken {
        position,
        first: None,
    }
}

/// What it says of a new order; [`Position`] is the row.
fn first(question: &NewPosition, margin: i64) -> Taken {
    let state = json!({
        "id": question.order.position, "battle": question.battle,
        "player": question.caller.user, "number": 1, "symbol": "BTCUSDT", "side": "BUY",
        "kind": "market", "margin": margin, "leverage": 2, "size": 2 * margin, "open_fee": 0,
        "card_spent": false, "stop_loss": null, "take_profit": null, "status": "PENDING",
        "effective_time": 0, "stale_at": null, "fill": null, "end": null, "noted": [],
    });
    let first = FirstRow {
        state: serde_json::from_value(state).unwrap(),
        at_ms: 1_800_000_000_123,
    };
    Taken {
        position: question.order.position,
        first: Some(Box::new(first)),
    }
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
            value: before(question.order.position),
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
async fn a_new_order_shows_as_its_first_row_without_a_look_at_it() {
    let (mut stage, ann, battle, id) = scene().await;
    let request = Uuid::from_u128(1);
    let position = contracts::positions::position_id(battle, id.parse().unwrap(), request.into());
    let margin = 1_000_000_000;
    stage
        .answer(move |question: NewPosition| Answer::Done {
            value: first(&question, margin),
        })
        .await;
    let all = "id gameMatchID status code side type endCause margin leverage size entryPrice
        limitPrice closePrice stopLoss targetPoint liquidationPrice profit openedAt closedAt
        expiredAt baseToken quoteToken";
    let mutation = format!(
        "mutation($input: CreateGameMatchPositionInput!, $request: UUID) {{
            createGameMatchPosition(createGameInput: $input, requestId: $request) {{
                createdAt updatedAt {all} }} }}"
    );
    let variables = json!({ "input": input(battle), "request": request });
    let told = ann.ask(&mutation, variables).await.data();
    let mut told = told["createGameMatchPosition"].clone();
    for time in ["createdAt", "updatedAt"] {
        let time = told.as_object_mut().unwrap().remove(time).unwrap();
        assert_eq!(time, "2027-01-15T08:00:00.123Z");
    }
    stage
        .position(&Position {
            id: position,
            battle,
            player: &id,
            number: 1,
            margin,
        })
        .await;
    let query = format!("query($id: ID!) {{ gameMatchPosition(id: $id) {{ {all} }} }}");
    let found = ann.ask(&query, json!({ "id": position })).await.data();
    assert_eq!(told, found["gameMatchPosition"]);
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
async fn an_order_that_the_arena_let_go_without_a_trace_came_too_soon_behind_others() {
    let (stage, ann, battle, _) = scene().await;
    let request = Uuid::from_u128(1);
    let told = order(&ann, battle, request).await.data()["createGameMatchPosition"].clone();
    let look = async || {
        let told = ann.ask(LOOK, json!({ "id": told["id"] })).await.data();
        let position = &told["gameMatchPosition"];
        [position["status"].clone(), position["code"].clone()]
    };
    let decide = async |sequence: u64| {
        let shard = contracts::shard::Shard::of(battle);
        let decide = format!(
            "UPDATE arena_shards SET market_state = '{{}}', positions_incarnation = 1,
                 positions_sequence = {sequence} WHERE shard = {shard}"
        );
        stage.script(&decide).await;
    };
    decide(0).await;
    assert_eq!(look().await, [json!("PENDING"), json!(null)]);
    decide(1).await;
    assert_eq!(look().await, [json!("REJECTED"), json!("RATE_LIMITED")]);
    // It may be tried again under the same id.
    let again = order(&ann, battle, request).await.data();
    assert_eq!(again["createGameMatchPosition"]["status"], "PENDING");
    assert_eq!(look().await, [json!("PENDING"), json!(null)]);
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
async fn an_order_that_cannot_be_meant_never_reaches_the_arena() {
    let (stage, ann, battle, _) = scene().await;
    let bob = stage.signed_in("bob@example.com").await;
    let over = stage
        .battle(&stage.game("Duel").await, &[&ann.id().await], "CLOSED")
        .await;
    for (client, battle, code) in [
        (&ann, runtime::ids::mint(), "MATCH_NOT_FOUND"),
        (&bob, battle, "NOT_A_PARTICIPANT"),
        (&ann, over, "MATCH_NOT_OPEN"),
    ] {
        let told = order(client, battle, Uuid::from_u128(1)).await;
        assert_eq!(told.code(), code);
    }
    let stored = stage.bus.bounds(Stream::Positions).await.unwrap();
    assert_eq!(stored.tail().sequence, 0);
}

#[tokio::test]
async fn a_repeat_hears_what_became_of_it_even_when_the_match_is_over() {
    let stage = Stage::new().await;
    let ann = stage.signed_in("ann@example.com").await;
    let bob = stage.signed_in("bob@example.com").await;
    let game = stage.game("Duel").await;
    let players = [ann.id().await, bob.id().await];
    let battle = stage
        .battle(&game, &[&players[0], &players[1]], "OPEN")
        .await;
    let request = Uuid::from_u128(1);
    order(&ann, battle, request).await.data();
    let question = stage.questions::<NewPosition>(1).await.remove(0);
    keep_outcome(&stage, &question, json!({ "refused": "INVALID_MARGIN" })).await;
    for over in ["CLOSED", "CANCELED"] {
        stage
            .script(&format!("UPDATE battles SET status = '{over}'"))
            .await;
        assert_eq!(order(&ann, battle, request).await.code(), "INVALID_MARGIN");
        let another = order(&bob, battle, Uuid::from_u128(2)).await;
        assert_eq!(another.code(), "MATCH_NOT_OPEN", "{over}");
    }
}

#[tokio::test]
async fn whoever_was_signed_out_orders_nothing_more() {
    let (stage, ann, battle, _) = scene().await;
    order(&ann, battle, Uuid::from_u128(1)).await.data();
    ann.ask("mutation { revokeAllSessions { revoked } }", json!({}))
        .await
        .data();
    let refused = order(&ann, battle, Uuid::from_u128(2)).await;
    assert_eq!(refused.code(), "UNAUTHENTICATED");

    // Another process ended this one's.
    let bob = stage.signed_in("bob@example.com").await;
    let id = bob.id().await;
    let battle = stage
        .battle(&stage.game("Duel").await, &[&id], "OPEN")
        .await;
    order(&bob, battle, Uuid::from_u128(1)).await.data();
    stage.script("UPDATE sessions SET revoked_at = now()").await;
    testkit::eventually(LIMIT, async || {
        let answer = order(&bob, battle, Uuid::from_u128(1)).await;
        answer.0["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"
    })
    .await;
}

#[tokio::test]
async fn whoever_orders_too_much_is_told_to_wait_and_repeats_are_answered() {
    let stage = Stage::with(&[("limits.orders_per_user", "2")]).await;
    let ann = stage.signed_in("ann@example.com").await;
    let game = stage.game("Duel").await;
    let battle = stage.battle(&game, &[&ann.id().await], "OPEN").await;
    let first = Uuid::from_u128(1);
    for request in [first, Uuid::from_u128(2)] {
        order(&ann, battle, request).await.data();
    }
    let question = stage.questions::<NewPosition>(1).await.remove(0);
    let told = order(&ann, battle, Uuid::from_u128(3)).await;
    assert_eq!(told.code(), "RATE_LIMITED");
    let wait = &told.0["errors"][0]["extensions"]["retryAfterSeconds"];
    assert!(wait.as_u64().is_some_and(|wait| wait > 0), "{told:?}");
    // What the rules refuse before is refused before.
    let nowhere = order(&ann, runtime::ids::mint(), Uuid::from_u128(3)).await;
    assert_eq!(nowhere.code(), "MATCH_NOT_FOUND");
    keep_outcome(&stage, &question, json!({ "refused": "INVALID_MARGIN" })).await;
    let told = order(&ann, battle, question.caller.request.uuid()).await;
    assert_eq!(told.code(), "INVALID_MARGIN");
}

#[tokio::test]
async fn whoever_asks_owners_too_much_is_told_to_wait() {
    let stage = Stage::with(&[("limits.requests_per_user", "1")]).await;
    let ann = stage.signed_in("ann@example.com").await;
    let leave = "mutation($id: ID!) { leaveQueue(gameId: $id) { userErrors { code } } }";
    let leave = async || ann.ask(leave, json!({ "id": Uuid::from_u128(1) })).await;
    assert_eq!(leave().await.code(), "OUTCOME_UNKNOWN");
    let told = leave().await;
    assert_eq!(told.code(), "RATE_LIMITED");
    let wait = &told.0["errors"][0]["extensions"]["retryAfterSeconds"];
    assert!(wait.as_u64().is_some_and(|wait| wait > 0), "{told:?}");
}

#[tokio::test]
async fn the_arenas_own_limit_says_how_long_to_wait() {
    let (mut stage, ann, battle, _) = scene().await;
    stage
        .answer(|_: NewPosition| Answer::Refused {
            refusal: Refused::new(Code::RateLimited),
        })
        .await;
    let told = order(&ann, battle, Uuid::from_u128(1)).await;
    assert_eq!(told.code(), "RATE_LIMITED");
    let wait = &told.0["errors"][0]["extensions"]["retryAfterSeconds"];
    assert_eq!(*wait, json!(1));
}

#[tokio::test]
async fn an_order_that_was_too_much_is_an_order_a_second_later() {
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
    // As the arena: what is too much leaves no trace, and the next is a question of its own.
    let asked = AtomicU32::new(0);
    stage
        .answer(
            move |_: NewPosition| match asked.fetch_add(1, Ordering::Relaxed) {
                0 => Answer::Refused {
                    refusal: Refused::new(Code::RateLimited),
                },
                _ => Answer::Done {
                    value: before(position),
                },
            },
        )
        .await;
    assert_eq!(order(&ann, battle, request).await.code(), "RATE_LIMITED");
    let told = order(&ann, battle, request).await.data();
    assert_eq!(told["createGameMatchPosition"]["id"], position.to_string());
    let asked = stage.questions::<NewPosition>(2).await;
    assert_eq!(asked[0], asked[1]);
}

#[tokio::test]
async fn an_order_that_no_stream_took_is_not_pending() {
    let (stage, ann, battle, id) = scene().await;
    stage.bus.remove_streams().await.unwrap();
    let request = Uuid::from_u128(1);
    let told = order(&ann, battle, request).await;
    assert_eq!(told.code(), "SERVICE_UNAVAILABLE");
    let position = contracts::positions::position_id(battle, id.parse().unwrap(), request.into());
    let told = ann.ask(LOOK, json!({ "id": position })).await.data();
    assert_eq!(told["gameMatchPosition"], Value::Null);
}

#[tokio::test]
async fn an_order_whose_storage_was_not_confirmed_is_not_pending() {
    let nats = Server::nats().await;
    let redis = Space::new().redis_url().to_owned();
    let space = Space::on(nats.url().to_string(), redis);
    let stage = Stage::on(space, &[]).await;
    let ann = stage.signed_in("ann@example.com").await;
    let id = ann.id().await;
    let game = stage.game("Duel").await;
    let battle = stage.battle(&game, &[&id], "OPEN").await;
    nats.pause();
    let request = Uuid::from_u128(1);
    let told = order(&ann, battle, request).await;
    let position = contracts::positions::position_id(battle, id.parse().unwrap(), request.into());
    let looked = ann.ask(LOOK, json!({ "id": position })).await;
    nats.resume();
    assert_eq!(told.code(), "OUTCOME_UNKNOWN");
    assert_eq!(looked.data()["gameMatchPosition"], Value::Null);
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
async fn an_amendment_keeps_what_is_left_out_and_removes_what_is_null() {
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
    stage
        .answer(move |_: AmendPosition| Answer::Done {
            value: before(position),
        })
        .await;
    let amend = "mutation($id: ID!, $stop: Decimal, $take: Decimal) {
        amendGameMatchPosition(id: $id, stopLoss: $stop, targetPoint: $take) {
            userErrors { code } } }";
    let set = LevelChange::Set("90".parse().unwrap());
    let amendments = [
        (
            json!({ "id": position, "stop": "90" }),
            [set, LevelChange::Keep],
        ),
        (
            json!({ "id": position, "take": null }),
            [LevelChange::Keep, LevelChange::Remove],
        ),
        (
            json!({ "id": position, "stop": "90", "take": null }),
            [set, LevelChange::Remove],
        ),
    ];
    for (variables, _) in &amendments {
        ann.ask(amend, variables.clone()).await.data();
    }
    let asked = stage.questions::<AmendPosition>(amendments.len()).await;
    for (question, (variables, [stop, take])) in asked.iter().zip(&amendments) {
        assert_eq!(
            (question.stop_loss, question.take_profit),
            (*stop, *take),
            "{variables}"
        );
    }
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

/// When a position ended, and how it is told.
const ENDED_MS: i64 = 1_800_000_000_123;
const ENDED: &str = "2027-01-15T08:00:00.123Z";

#[tokio::test]
async fn only_an_order_that_went_stale_tells_when_it_expired() {
    const SHOWN: &str = "status code closedAt expiredAt";
    let (stage, ann, battle, id) = scene().await;
    let by_itself = format!("query($id: ID!) {{ gameMatchPosition(id: $id) {{ {SHOWN} }} }}");
    let mut listed = Vec::new();
    for (number, (status, cause, code, expired)) in (1..).zip([
        ("PENDING", None, None, None),
        ("CANCELED", Some("cancel"), None, None),
        (
            "REJECTED",
            Some("liquidation_too_close"),
            Some("LEVERAGE_NOT_ALLOWED"),
            None,
        ),
        (
            "REJECTED",
            Some("feed_stale"),
            Some("FEED_STALE"),
            Some(ENDED),
        ),
    ]) {
        let position = runtime::ids::mint();
        let row = Position {
            id: position,
            battle,
            player: &id,
            number,
            margin: 1_000_000_000,
        };
        stage.position(&row).await;
        if let Some(cause) = cause {
            stage
                .script(&format!(
                    "UPDATE positions SET status = '{status}', end_cause = '{cause}',
                        end_time_ms = {ENDED_MS}, stale_at_ms = {ENDED_MS} - 1
                     WHERE id = '{position}'"
                ))
                .await;
        }
        let closed = cause.map(|_| ENDED);
        let shown = json!({ "status": status, "code": code, "closedAt": closed,
            "expiredAt": expired });
        let told = ann.ask(&by_itself, json!({ "id": position })).await.data();
        assert_eq!(told["gameMatchPosition"], shown);
        listed.push(json!({ "node": shown }));
    }
    let query = format!(
        "{{ gameMatchPositions(orderBy: CREATED_AT_ASC) {{ edges {{ node {{ {SHOWN} }} }} }} }}"
    );
    let told = ann.ask(&query, json!({})).await.data();
    assert_eq!(told["gameMatchPositions"]["edges"], json!(listed));
}

#[tokio::test]
async fn an_order_that_is_stale_in_its_first_row_has_expired() {
    let (mut stage, ann, battle, _) = scene().await;
    stage
        .answer(|question: NewPosition| {
            let mut taken = first(&question, 1_000_000_000);
            let state = &mut taken.first.as_mut().unwrap().state;
            state.status = PositionStatus::Rejected;
            state.end = Some(End {
                cause: EndCause::FeedStale,
                time: Timestamp::from_ms(ENDED_MS),
                sequence: 7,
                exit: None,
            });
            Answer::Done { value: taken }
        })
        .await;
    let mutation = "mutation($input: CreateGameMatchPositionInput!) {
        createGameMatchPosition(createGameInput: $input) {
            status code endCause closedAt expiredAt } }";
    let told = ann.ask(mutation, json!({ "input": input(battle) })).await;
    assert_eq!(
        told.data()["createGameMatchPosition"],
        json!({ "status": "REJECTED", "code": "FEED_STALE", "endCause": "FEED_STALE",
            "closedAt": ENDED, "expiredAt": ENDED })
    );
}
