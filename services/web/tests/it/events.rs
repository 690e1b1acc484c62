//! GraphQL over server-sent events.

use std::time::Duration;

use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderValue};
use reqwest::{RequestBuilder, Response, StatusCode};
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::client::{Client, json_of};
use crate::stage::{LIMIT, Stage};

const EVENT_STREAM: &str = "text/event-stream";
const CURRENT_TIME: &str = "subscription { currentTime }";

/// A stream of events that is being read.
pub(crate) struct Events {
    response: Response,
    unread: String,
}

/// An event's name and its data.
type Event = (String, String);

impl Events {
    /// The answer to `request`, which has to be events.
    pub(crate) async fn of(request: RequestBuilder) -> Self {
        let response = asked(request, EVENT_STREAM).await;
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(response.headers()["content-type"], EVENT_STREAM);
        Self {
            response,
            unread: String::new(),
        }
    }

    /// The answer to this document.
    async fn open(client: &Client, query: &str) -> Self {
        Self::of(post(client, query)).await
    }

    /// The next event; `None` where the stream ends. Comments are skipped.
    pub(crate) async fn hear(&mut self) -> Option<Event> {
        loop {
            if let Some((block, rest)) = self.unread.split_once("\n\n") {
                let event = read(block);
                self.unread = rest.to_owned();
                if event.is_some() {
                    return event;
                }
                continue;
            }
            let chunk = timeout(LIMIT, self.response.chunk()).await.unwrap();
            self.unread
                .push_str(std::str::from_utf8(&chunk.unwrap()?).unwrap());
        }
    }

    /// The result that the next event brings.
    pub(crate) async fn next(&mut self) -> Value {
        let (name, data) = self.hear().await.unwrap();
        assert_eq!(name, "next", "{data}");
        serde_json::from_str(&data).unwrap()
    }

    /// What comes behind the results.
    async fn last(&mut self) -> Option<Event> {
        loop {
            match self.hear().await {
                Some((name, _)) if name == "next" => {}
                last => return last,
            }
        }
    }

    /// Hears that the operation is complete, and nothing after it.
    async fn end(&mut self) {
        let complete = ("complete".to_owned(), String::new());
        assert_eq!(self.hear().await, Some(complete));
        assert_eq!(self.hear().await, None);
    }
}

/// An event as a browser reads it: without data there is none.
fn read(block: &str) -> Option<Event> {
    let field = |name: &str| {
        let value = block.lines().find_map(|line| line.strip_prefix(name));
        value.map(|value| value.strip_prefix(' ').unwrap_or(value).to_owned())
    };
    Some((field("event:")?, field("data:")?))
}

fn post(client: &Client, query: &str) -> RequestBuilder {
    client.post(json!({ "query": query }).to_string())
}

async fn asked(request: RequestBuilder, accept: &str) -> Response {
    request.header("accept", accept).send().await.unwrap()
}

#[tokio::test]
async fn a_subscription_is_told_event_by_event() {
    let stage = Stage::new().await;
    let mut events = Events::open(&stage.client(), CURRENT_TIME).await;
    let headers = events.response.headers();
    assert_eq!(headers["cache-control"], "no-store");
    assert_eq!(headers["x-accel-buffering"], "no");
    for _ in 0..2 {
        let told = events.next().await;
        assert!(told["data"]["currentTime"].is_string(), "{told}");
    }
}

#[tokio::test]
async fn a_query_or_mutation_is_told_once_and_complete() {
    let stage = Stage::new().await;
    let ann = stage.signed_in("ann@example.com").await;
    for (query, path) in [
        ("{ __typename }", "/data/__typename"),
        (
            "mutation { updateProfile(updateProfileInput: { nickName: \"Ann\" }) { nickName } }",
            "/data/updateProfile/nickName",
        ),
    ] {
        let mut events = Events::open(&ann, query).await;
        let told = events.next().await;
        assert!(told.pointer(path).is_some_and(Value::is_string), "{told}");
        events.end().await;
    }
}

#[tokio::test]
async fn a_refusal_is_told_as_a_result() {
    let stage = Stage::new().await;
    let mut with_a_bad_token = stage.client();
    with_a_bad_token.access = Some("x".to_owned());
    for (client, query, code) in [
        (
            stage.client(),
            "subscription { walletUpdated { id } }",
            "UNAUTHENTICATED",
        ),
        (
            with_a_bad_token,
            "subscription { notificationCreated { id } }",
            "UNAUTHENTICATED",
        ),
        (
            stage.client(),
            "subscription { nothing }",
            "GRAPHQL_VALIDATION_FAILED",
        ),
        (stage.client(), "{", "GRAPHQL_PARSE_FAILED"),
    ] {
        let mut events = Events::open(&client, query).await;
        let told = events.next().await;
        let error = &told["errors"][0]["extensions"];
        assert_eq!(error["code"], code, "{query}: {told}");
        assert!(error["traceId"].is_string(), "{told}");
        events.end().await;
    }
}

#[tokio::test]
async fn whoever_is_signed_in_is_told_what_is_theirs() {
    let stage = Stage::new().await;
    let ann = stage.signed_in("ann@example.com").await;
    let id = ann.id().await;
    let account =
        domain::ledger::Account::user(id.parse().unwrap(), domain::ledger::Unit::Usdt).id();
    stage
        .script(&format!(
            "INSERT INTO ledger_accounts (id, owner_id, kind, unit)
             VALUES ('{account}', '{id}', 'user', 'USDT')"
        ))
        .await;
    let mut events = Events::open(&ann, "subscription { walletUpdated { balance } }").await;
    let told = events.next().await;
    assert_eq!(told["data"]["walletUpdated"]["balance"], "0", "{told}");
}

#[tokio::test]
async fn a_browser_subscribes_by_get_and_changes_nothing_by_it() {
    let stage = Stage::new().await;
    let client = stage.client();
    let subscription = client.get("/graphql?query=subscription%7BcurrentTime%7D");
    let mut events = Events::of(subscription).await;
    assert!(events.next().await["data"]["currentTime"].is_string());

    let path = "/graphql?query=mutation%7BrevokeAllSessions%7Brevoked%7D%7D";
    let refused = asked(client.get(path), EVENT_STREAM).await;
    assert_eq!(refused.status(), StatusCode::METHOD_NOT_ALLOWED);
}

#[tokio::test]
async fn a_request_has_to_be_one_whatever_it_accepts() {
    let stage = Stage::new().await;
    let client = stage.client();
    let large = json!({ "query": CURRENT_TIME, "variables": { "x": "x".repeat(70_000) } });
    let plain = HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static("text/plain"))]);
    let foreign = post(&client, CURRENT_TIME).headers(plain);
    for (request, status) in [
        (client.post("{".to_owned()), StatusCode::BAD_REQUEST),
        (
            client.post(large.to_string()),
            StatusCode::PAYLOAD_TOO_LARGE,
        ),
        (foreign, StatusCode::UNSUPPORTED_MEDIA_TYPE),
    ] {
        assert_eq!(asked(request, EVENT_STREAM).await.status(), status);
    }
}

#[tokio::test]
async fn whoever_takes_json_too_hears_events_of_subscriptions_alone() {
    let stage = Stage::new().await;
    let client = stage.client();
    let accept = "application/graphql-response+json, text/event-stream";
    let answer = asked(post(&client, "{ __typename }"), accept).await;
    assert_eq!(json_of(answer).await["data"]["__typename"], "Query");
    let answer = asked(post(&client, CURRENT_TIME), accept).await;
    assert_eq!(answer.headers()["content-type"], EVENT_STREAM);
}

#[tokio::test]
async fn a_gateway_that_stops_cuts_off_and_does_not_claim_completion() {
    let stage = Stage::new().await;
    let mut events = Events::open(&stage.client(), CURRENT_TIME).await;
    events.next().await;
    let ((), last) = tokio::join!(stage.stop(), events.last());
    assert_eq!(last, None);
}

#[tokio::test]
async fn a_stream_is_cut_off_with_its_token() {
    let stage = Stage::new().await;
    let ann = stage.signed_in("ann@example.com").await;
    let mut events = Events::open(&ann, CURRENT_TIME).await;
    events.next().await;
    stage.clock.advance(Duration::from_secs(15 * 60));
    assert_eq!(timeout(LIMIT, events.last()).await.unwrap(), None);
}

#[tokio::test]
async fn a_stream_is_cut_off_with_its_session() {
    let stage = Stage::new().await;
    let ann = stage.signed_in("ann@example.com").await;
    let mut events = Events::open(&ann, CURRENT_TIME).await;
    events.next().await;
    let revoke = "mutation { revokeAllSessions { revoked } }";
    ann.ask(revoke, json!({})).await.data();
    assert_eq!(timeout(LIMIT, events.last()).await.unwrap(), None);
}
