//! GraphQL over HTTP: media types, statuses, and what a foreign page cannot do.

use reqwest::{RequestBuilder, Response, StatusCode};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::client::{Client, json_of};
use crate::stage::{LIMIT, Stage};

const QUERY: &str = "/graphql?query=%7B__typename%7D";
const MUTATION: &str = "/graphql?query=mutation%7BrevokeAllSessions%7Brevoked%7D%7D";

fn post(client: &Client, query: &str) -> RequestBuilder {
    client.post(json!({ "query": query }).to_string())
}

async fn sent(request: RequestBuilder, headers: &[(&str, &str)]) -> Response {
    let with =
        |request: RequestBuilder, (name, value): &(&str, &str)| request.header(*name, *value);
    headers.iter().fold(request, with).send().await.unwrap()
}

fn header<'r>(response: &'r Response, name: &str) -> &'r str {
    let value = response.headers().get(name);
    value.map_or("", |value| value.to_str().unwrap())
}

/// The code of the first error of a refusal, which executed nothing.
async fn code(response: Response) -> String {
    assert!(header(&response, "content-type").starts_with("application/json"));
    let told = json_of(response).await;
    assert_eq!(told.get("data"), None, "{told}");
    // No document was looked at: there is no place in one.
    assert_eq!(told["errors"][0].get("locations"), None, "{told}");
    let extensions = &told["errors"][0]["extensions"];
    assert!(extensions["traceId"].is_string(), "{told}");
    extensions["code"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn the_address_that_an_older_app_calls_answers_too() {
    let stage = Stage::new().await;
    let client = stage.client();
    let body = json!({ "query": "{ __typename }" }).to_string();
    let request = reqwest::Client::new()
        .post(client.url("/graphql/query"))
        .header("content-type", "application/json")
        .body(body);
    let told = json_of(request.send().await.unwrap()).await;
    assert_eq!(told, json!({ "data": { "__typename": "Query" } }));
}

#[tokio::test]
async fn an_answer_comes_in_the_type_that_is_liked_best_and_for_no_cache() {
    let stage = Stage::new().await;
    let client = stage.client();
    let (json, telling) = ("application/json", "application/graphql-response+json");
    for (accept, expected) in [
        ("*/*", json),
        (json, json),
        (telling, telling),
        (
            "application/graphql-response+json, application/json;q=0.9",
            telling,
        ),
        (
            "application/graphql-response+json;q=0.1, application/json",
            json,
        ),
        ("text/html, */*;q=0.1", json),
    ] {
        let told = sent(post(&client, "{ __typename }"), &[("accept", accept)]).await;
        assert_eq!(told.status(), StatusCode::OK, "{accept}");
        assert_eq!(
            header(&told, "content-type"),
            format!("{expected}; charset=utf-8")
        );
        assert_eq!(header(&told, "cache-control"), "no-store");
    }
    let told = sent(post(&client, "{ __typename }"), &[("accept", "image/png")]).await;
    assert_eq!(told.status(), StatusCode::NOT_ACCEPTABLE);
    assert_eq!(code(told).await, "BAD_USER_INPUT");
}

#[tokio::test]
async fn a_document_at_fault_is_a_bad_request_only_for_whoever_hears_of_it() {
    let stage = Stage::new().await;
    let client = stage.client();
    for (accept, status) in [
        ("application/json", StatusCode::OK),
        ("application/graphql-response+json", StatusCode::BAD_REQUEST),
    ] {
        for query in [
            "{",
            "{ nothing }",
            "query($id: ID!) { asset(id: $id) { id } }",
        ] {
            let told = sent(post(&client, query), &[("accept", accept)]).await;
            assert_eq!(told.status(), status, "{accept}: {query}");
            assert_eq!(json_of(told).await.get("data"), None, "{query}");
        }
    }
}

#[tokio::test]
async fn what_is_no_request_is_refused_with_its_status_and_a_code() {
    let stage = Stage::new().await;
    let client = stage.client();
    let large = json!({ "query": "{ __typename }", "variables": { "x": "x".repeat(70_000) } });
    let batch = json!([{ "query": "{ __typename }" }, { "query": "{ __typename }" }]);
    let form = |media: &str| client.send_as(media, "query=%7B__typename%7D".to_owned());
    for (request, status) in [
        (
            client.post(large.to_string()),
            StatusCode::PAYLOAD_TOO_LARGE,
        ),
        (client.post(batch.to_string()), StatusCode::BAD_REQUEST),
        (client.post("{".to_owned()), StatusCode::BAD_REQUEST),
        (form("text/plain"), StatusCode::UNSUPPORTED_MEDIA_TYPE),
        (
            form("application/x-www-form-urlencoded"),
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
        ),
        (
            client.send_as("application/json; charset=latin1", "{}".to_owned()),
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
        ),
        (
            client.get("/graphql?variables=%7B"),
            StatusCode::BAD_REQUEST,
        ),
    ] {
        let told = sent(request, &[]).await;
        assert_eq!(told.status(), status);
        assert_eq!(code(told).await, "BAD_USER_INPUT");
    }
}

#[tokio::test]
async fn get_changes_nothing_and_says_what_would() {
    let stage = Stage::new().await;
    let ann = stage.signed_in("ann@example.com").await;
    let told = sent(ann.get(MUTATION), &[]).await;
    assert_eq!(told.status(), StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(header(&told, "allow"), "POST");
    assert_eq!(code(told).await, "BAD_USER_INPUT");
    ann.id().await;
}

#[tokio::test]
async fn a_foreign_page_cannot_have_a_browser_ask_in_passing() {
    let stage = Stage::new().await;
    let client = stage.client();
    let picture = [
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-mode", "no-cors"),
    ];
    let told = sent(client.get(QUERY), &picture).await;
    assert_eq!(told.status(), StatusCode::FORBIDDEN);
    assert_eq!(code(told).await, "BAD_USER_INPUT");
    for asks_first in [
        &[("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "cors")],
        &[("sec-fetch-site", "none"), ("sec-fetch-mode", "navigate")],
    ] {
        let told = json_of(sent(client.get(QUERY), asks_first).await).await;
        assert_eq!(told["data"]["__typename"], Value::from("Query"));
    }
}

#[tokio::test]
async fn a_page_that_is_not_listed_opens_no_socket() {
    let stage = Stage::with(&[("cors.origins", "[\"https://app.example.com\"]")]).await;
    let client = stage.client();
    let upgrade = |origin: &'static str| {
        let headers = [
            ("connection", "upgrade"),
            ("upgrade", "websocket"),
            ("sec-websocket-version", "13"),
            ("sec-websocket-key", "AAAAAAAAAAAAAAAAAAAAAA=="),
            ("sec-websocket-protocol", "graphql-transport-ws"),
            ("origin", origin),
        ];
        let request = client.get("/graphql");
        async move { sent(request, &headers).await.status() }
    };
    assert_eq!(upgrade("https://evil.example").await, StatusCode::FORBIDDEN);
    let own: &'static str = format!("http://{}", client.address).leak();
    for origin in ["https://app.example.com", own] {
        assert_eq!(upgrade(origin).await, StatusCode::SWITCHING_PROTOCOLS);
    }
}

#[tokio::test]
async fn a_body_that_does_not_come_is_not_waited_for() {
    let stage = Stage::with(&[("limits.time_ms", "200")]).await;
    let mut slow = TcpStream::connect(stage.client().address).await.unwrap();
    let head = "POST /graphql HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n\
        content-length: 100\r\n\r\n{\"query\": ";
    slow.write_all(head.as_bytes()).await.unwrap();
    let mut told = String::new();
    timeout(LIMIT, slow.read_to_string(&mut told))
        .await
        .unwrap()
        .unwrap();
    assert!(told.starts_with("HTTP/1.1 408"), "{told}");
    assert!(told.contains("BAD_USER_INPUT"), "{told}");
}
