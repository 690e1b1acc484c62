//! The subprotocol `graphql-transport-ws`, message by message, and the codes that a breach of it
//! closes the connection with.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::client::Client;
use crate::socket::Socket;
use crate::stage::Stage;

const CURRENT_TIME: &str = "subscription { currentTime }";
const A_MINUTE: Duration = Duration::from_secs(60);
/// How long an access token is good.
const TOKEN: Duration = Duration::from_secs(15 * 60);

fn subscribe(id: &str) -> Value {
    json!({ "id": id, "type": "subscribe", "payload": { "query": CURRENT_TIME } })
}

fn init() -> Value {
    json!({ "type": "connection_init" })
}

async fn connected(stage: &Stage) -> Socket {
    Socket::connect(&stage.client(), Some("graphql-transport-ws")).await
}

/// How the connection ends on which all this is said.
async fn closed(stage: &Stage, messages: &[Value]) -> (u16, String) {
    let mut socket = connected(stage).await;
    for message in messages {
        socket.say(message.clone()).await;
    }
    socket.close().await
}

#[tokio::test]
async fn a_breach_of_the_protocol_closes_with_its_code_and_reason() {
    let stage = Stage::new().await;
    let bad = json!({ "type": "connection_init", "payload": { "authorization": "Bearer x" } });
    for (messages, code, reason) in [
        (vec![json!({ "type": "start" })], 4400, "Invalid message"),
        (vec![json!("x")], 4400, "Invalid message"),
        (
            vec![init(), json!({ "type": "subscribe", "id": "1" })],
            4400,
            "Invalid message",
        ),
        (
            vec![json!({ "type": "ping", "payload": 1 })],
            4400,
            "Invalid message",
        ),
        (vec![subscribe("1")], 4401, "Unauthorized"),
        (vec![bad], 4403, "Forbidden"),
        (
            vec![init(), subscribe("1"), subscribe("1")],
            4409,
            "Subscriber for 1 already exists",
        ),
        (
            vec![init(), init()],
            4429,
            "Too many initialisation requests",
        ),
    ] {
        let told = closed(&stage, &messages).await;
        assert_eq!(told, (code, reason.to_owned()), "{messages:?}");
    }
}

#[tokio::test]
async fn one_connection_runs_so_many_operations_at_a_time() {
    let stage = Stage::new().await;
    let operations = (0..=64).map(|number: u32| subscribe(&number.to_string()));
    let messages: Vec<Value> = [init()].into_iter().chain(operations).collect();
    let told = closed(&stage, &messages).await;
    assert_eq!(told, (4429, "Too many operations".to_owned()));
    let mut socket = connected(&stage).await;
    for message in &messages[..messages.len() - 1] {
        socket.say(message.clone()).await;
    }
    socket.say(json!({ "type": "ping" })).await;
    pong(&mut socket).await;
}

#[tokio::test]
async fn a_gateway_that_stops_says_so() {
    let stage = Stage::new().await;
    let mut socket = Socket::open(&stage.client()).await;
    socket.subscribe("1", CURRENT_TIME, json!({})).await;
    socket.next("1").await;
    let ((), code) = tokio::join!(stage.stop(), socket.close_code());
    assert_eq!(code, 1001);
}

#[tokio::test]
async fn bytes_are_no_message() {
    let stage = Stage::new().await;
    let mut socket = connected(&stage).await;
    socket.say_bytes(b"{\"type\":\"ping\"}").await;
    assert_eq!(socket.close_code().await, 4400);
}

#[tokio::test]
async fn a_reason_fits_however_long_the_id_is() {
    let stage = Stage::new().await;
    for id in ["7".repeat(10_000), "ü".repeat(60)] {
        let messages = [init(), subscribe(&id), subscribe(&id)];
        let (code, reason) = closed(&stage, &messages).await;
        assert_eq!((code, reason.as_str()), (4409, "Subscriber already exists"));
    }
}

#[tokio::test]
async fn another_subprotocol_or_none_is_not_acceptable() {
    let stage = Stage::new().await;
    for subprotocol in [None, Some("graphql-ws")] {
        let mut socket = Socket::connect_by_hand(&stage.client(), subprotocol).await;
        assert_eq!(
            socket.close().await,
            (4406, "Subprotocol not acceptable".to_owned())
        );
    }
}

#[tokio::test]
async fn of_several_subprotocols_ours_is_taken() {
    let stage = Stage::new().await;
    let offered = Some("graphql-ws, graphql-transport-ws");
    let mut socket = Socket::connect_by_hand(&stage.client(), offered).await;
    socket.say(init()).await;
    assert_eq!(socket.hear().await["type"], "connection_ack");
}

#[tokio::test]
async fn whoever_says_nothing_for_three_seconds_is_sent_away() {
    let stage = Stage::new().await;
    let mut socket = connected(&stage).await;
    let begun = Instant::now();
    // A ping is no beginning.
    socket.say(json!({ "type": "ping" })).await;
    let reason = "Connection initialisation timeout".to_owned();
    assert_eq!(socket.close().await, (4408, reason));
    let waited = begun.elapsed();
    assert!(
        waited >= Duration::from_millis(2_900) && waited < Duration::from_secs(8),
        "{waited:?}"
    );
}

#[tokio::test]
async fn whoever_answers_no_ping_is_asked_again_and_then_sent_away() {
    let stage = Stage::new().await;
    let mut silent = Socket::open(&stage.client()).await;
    let mut answers = Socket::open(&stage.client()).await;
    let begun = Instant::now();
    for _ in 0..3 {
        assert_eq!(silent.hear_any().await["type"], "ping");
        assert_eq!(answers.hear_any().await["type"], "ping");
        answers.say(json!({ "type": "pong" })).await;
    }
    assert_eq!(silent.close().await, (4408, "No pong".to_owned()));
    assert!(begun.elapsed() > Duration::from_secs(50));
    assert_eq!(answers.hear_any().await["type"], "ping");
}

#[tokio::test]
async fn a_document_that_does_not_fit_is_an_error_and_nothing_follows() {
    let stage = Stage::new().await;
    let mut socket = Socket::open(&stage.client()).await;
    for (query, code) in [
        ("subscription { nothing }", "GRAPHQL_VALIDATION_FAILED"),
        ("{ nothing }", "GRAPHQL_VALIDATION_FAILED"),
        ("{", "GRAPHQL_PARSE_FAILED"),
    ] {
        socket.subscribe("1", query, json!({})).await;
        let told = socket.hear().await;
        assert_eq!((&told["type"], &told["id"]), (&json!("error"), &json!("1")));
        assert_eq!(told["payload"][0]["extensions"]["code"], code, "{told}");
    }
    socket
        .say(json!({ "type": "ping", "payload": { "at": 1 } }))
        .await;
    assert_eq!(socket.hear().await, json!({ "type": "pong" }));
}

#[tokio::test]
async fn queries_and_mutations_run_on_the_socket_beside_a_subscription() {
    let stage = Stage::new().await;
    let ann = stage.signed_in("ann@example.com").await;
    let mut socket = Socket::open(&ann).await;
    let rename =
        "mutation { updateProfile(updateProfileInput: { nickName: \"Ann\" }) { nickName } }";
    for (id, query, path) in [
        ("q", "{ profile { nickName } }", "/profile/nickName"),
        ("m", rename, "/updateProfile/nickName"),
    ] {
        socket.subscribe(id, query, json!({})).await;
        let told = socket.next(id).await;
        assert!(told.pointer(path).is_some_and(Value::is_string), "{told}");
        let complete = json!({ "type": "complete", "id": id });
        assert_eq!(socket.hear().await, complete);
    }
    // An id is free again once its operation is complete.
    for _ in 0..2 {
        socket.subscribe("q", "{ __typename }", json!({})).await;
        socket.next("q").await;
        assert_eq!(socket.hear().await["type"], "complete");
    }
}

/// Says a token in a ping.
async fn renew(socket: &mut Socket, client: &Client) {
    let authorization = format!("Bearer {}", client.access.as_deref().unwrap_or("x"));
    let payload = json!({ "authorization": authorization });
    socket
        .say(json!({ "type": "ping", "payload": payload }))
        .await;
}

/// The next answer to a ping; what subscriptions say is passed over.
async fn pong(socket: &mut Socket) -> Value {
    loop {
        let told = socket.hear().await;
        if told["type"] == "pong" {
            return told;
        }
    }
}

#[tokio::test]
async fn a_newer_token_keeps_the_connection_and_what_runs_on_it() {
    let stage = Stage::new().await;
    let mut ann = stage.signed_in("ann@example.com").await;
    let mut socket = Socket::open(&ann).await;
    socket.subscribe("1", CURRENT_TIME, json!({})).await;
    stage.clock.advance(TOKEN - A_MINUTE);
    let refresh = ann.refresh.clone().unwrap();
    let tokens = ann.try_refresh(&refresh).await.data();
    ann.keep(&tokens["refreshToken"]);
    renew(&mut socket, &ann).await;
    let payload = json!({ "expiresIn": TOKEN.as_secs() });
    let told = pong(&mut socket).await["payload"].clone();
    // The token itself counts in whole seconds.
    assert!(
        told == payload || told == json!({ "expiresIn": TOKEN.as_secs() - 1 }),
        "{told}"
    );
    // The first token has expired.
    stage.clock.advance(A_MINUTE * 2);
    for _ in 0..3 {
        socket.next("1").await;
    }
    socket.subscribe("2", "{ profile { id } }", json!({})).await;
    loop {
        let told = socket.hear().await;
        if told["id"] == "2" {
            assert!(
                told["payload"]["data"]["profile"]["id"].is_string(),
                "{told}"
            );
            break;
        }
    }
    stage.clock.advance(TOKEN);
    assert_eq!(socket.close_code().await, 4403);
}

#[tokio::test]
async fn a_ping_with_the_token_of_somebody_else_or_of_nobody_ends_the_connection() {
    let stage = Stage::new().await;
    let ann = stage.signed_in("ann@example.com").await;
    let bob = stage.signed_in("bob@example.com").await;
    for (connected, says) in [
        (&ann, &bob),
        (&ann, &stage.client()),
        (&stage.client(), &bob),
    ] {
        let mut socket = Socket::open(connected).await;
        renew(&mut socket, says).await;
        assert_eq!(socket.close_code().await, 4403);
    }
    let mut socket = connected(&stage).await;
    renew(&mut socket, &ann).await;
    assert_eq!(socket.close_code().await, 4401);
}
