//! Documents that a client names by a hash, and what production tells of the schema.

use std::collections::BTreeMap;

use reqwest::{RequestBuilder, StatusCode};
use runtime::Mode;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::client::{Client, Told, json_of};
use crate::events::Events;
use crate::socket::Socket;
use crate::stage::Stage;

const TYPENAME: &str = "{ __typename }";

/// The documents of `graphql/operations`, by their ids.
fn listed() -> BTreeMap<String, String> {
    let list = include_str!("../../../../graphql/documents.json");
    serde_json::from_str(list).unwrap()
}

/// The id and the text of the operation with this name.
fn listed_as(kind_and_name: &str) -> (String, String) {
    let mut all = listed().into_iter();
    all.find(|(_, text)| text.contains(kind_and_name)).unwrap()
}

fn persisted(text: &str) -> Value {
    let hash = hex::encode(Sha256::digest(text));
    json!({ "persistedQuery": { "version": 1, "sha256Hash": hash } })
}

async fn asked(request: RequestBuilder) -> Told {
    let response = request.send().await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    Told(json_of(response).await)
}

async fn posted(client: &Client, body: &Value) -> Told {
    asked(client.post(body.to_string())).await
}

#[tokio::test]
async fn a_document_that_was_sent_with_its_hash_is_known_by_it() {
    let stage = Stage::new().await;
    let client = stage.client();
    let hash_alone = json!({ "extensions": persisted(TYPENAME) });
    let told = posted(&client, &hash_alone).await;
    assert_eq!(told.code(), "PERSISTED_QUERY_NOT_FOUND");
    // Clients look for this text.
    assert_eq!(told.0["errors"][0]["message"], "PersistedQueryNotFound");

    let both = json!({ "query": TYPENAME, "extensions": persisted(TYPENAME) });
    assert_eq!(posted(&client, &both).await.data()["__typename"], "Query");
    let known = posted(&client, &hash_alone).await.data();
    assert_eq!(known["__typename"], "Query");

    // By GET, and on a socket.
    let extensions = persisted(TYPENAME).to_string();
    let got = client.get("/graphql").query(&[("extensions", &extensions)]);
    assert_eq!(asked(got).await.data()["__typename"], "Query");
    let mut socket = Socket::open(&client).await;
    socket
        .say(json!({ "id": "1", "type": "subscribe", "payload": hash_alone }))
        .await;
    assert_eq!(socket.next("1").await["__typename"], "Query");
}

#[tokio::test]
async fn a_document_under_a_foreign_hash_is_refused_and_not_remembered() {
    let stage = Stage::new().await;
    let client = stage.client();
    let foreign = json!({ "query": TYPENAME, "extensions": persisted("{ profile { id } }") });
    let response = client.post(foreign.to_string()).send().await.unwrap();
    assert_eq!(response.status(), StatusCode::BAD_REQUEST);
    assert_eq!(Told(json_of(response).await).code(), "BAD_USER_INPUT");
    let hash_alone = json!({ "extensions": persisted("{ profile { id } }") });
    let told = posted(&client, &hash_alone).await;
    assert_eq!(told.code(), "PERSISTED_QUERY_NOT_FOUND");
}

#[tokio::test]
async fn what_nobody_can_read_is_not_remembered() {
    let stage = Stage::new().await;
    let client = stage.client();
    let both = json!({ "query": "{", "extensions": persisted("{") });
    assert_eq!(posted(&client, &both).await.code(), "GRAPHQL_PARSE_FAILED");
    let told = posted(&client, &json!({ "extensions": persisted("{") })).await;
    assert_eq!(told.code(), "PERSISTED_QUERY_NOT_FOUND");
}

#[tokio::test]
async fn a_document_of_the_list_is_executed_by_its_id() {
    let stage = Stage::new().await;
    let ann = stage.signed_in("ann@example.com").await;
    let (id, _) = listed_as("query Profile ");
    let told = posted(&ann, &json!({ "documentId": id })).await.data();
    assert!(told["profile"]["id"].is_string(), "{told}");
    let (games, _) = listed_as("query Games(");
    let query = [
        ("documentId", games.as_str()),
        ("variables", "{\"first\": 1}"),
    ];
    let told = asked(ann.get("/graphql").query(&query)).await.data();
    assert_eq!(told["games"]["totalCount"], 0, "{told}");
    let unknown = format!("sha256:{}", "0".repeat(64));
    let told = posted(&ann, &json!({ "documentId": unknown })).await;
    assert_eq!(told.code(), "PERSISTED_QUERY_NOT_FOUND");
}

#[tokio::test]
async fn where_only_the_list_counts_nothing_else_is_executed_on_any_transport() {
    let only_listed = [("documents.only_listed", "true")];
    let stage = Stage::in_mode(Mode::Production, &only_listed).await;
    let client = stage.client();
    let got = client.get("/graphql").query(&[("query", TYPENAME)]);
    assert_eq!(asked(got).await.code(), "DOCUMENT_NOT_LISTED");
    let streamed = client.post(json!({ "query": "subscription { currentTime }" }).to_string());
    let mut events = Events::of(streamed).await;
    let told = events.next().await;
    let code = &told["errors"][0]["extensions"]["code"];
    assert_eq!(code, "DOCUMENT_NOT_LISTED", "{told}");
    let (id, text) = listed_as("subscription CurrentTime ");
    let both = json!({ "query": TYPENAME, "extensions": persisted(TYPENAME) });
    for body in [json!({ "query": TYPENAME }), both] {
        assert_eq!(posted(&client, &body).await.code(), "DOCUMENT_NOT_LISTED");
        let mut socket = Socket::open(&client).await;
        socket
            .say(json!({ "id": "1", "type": "subscribe", "payload": body }))
            .await;
        let told = socket.hear().await;
        let code = &told["payload"][0]["extensions"]["code"];
        assert_eq!(
            (&told["type"], code),
            (&json!("error"), &json!("DOCUMENT_NOT_LISTED"))
        );
    }
    let mut socket = Socket::open(&client).await;
    for (operation, payload) in [
        ("1", json!({ "documentId": id })),
        ("2", json!({ "query": text })),
        ("3", json!({ "query": "", "documentId": id })),
    ] {
        socket
            .say(json!({ "id": operation, "type": "subscribe", "payload": payload }))
            .await;
        assert!(socket.next(operation).await["currentTime"].is_string());
        socket
            .say(json!({ "id": operation, "type": "complete" }))
            .await;
    }
}

#[tokio::test]
async fn a_list_of_ones_own_is_read_at_the_start() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("documents.json");
    let id = format!("sha256:{}", hex::encode(Sha256::digest(TYPENAME)));
    std::fs::write(&path, json!({ &id: TYPENAME }).to_string()).unwrap();
    let lists = json!([path]).to_string();
    let own = [
        ("documents.lists", lists.as_str()),
        ("documents.only_listed", "true"),
    ];
    let stage = Stage::with(&own).await;
    let client = stage.client();
    let told = posted(&client, &json!({ "documentId": id })).await.data();
    assert_eq!(told["__typename"], "Query");
}

#[tokio::test]
async fn production_tells_nobody_what_the_schema_is() {
    let stage = Stage::in_mode(Mode::Production, &[]).await;
    let client = stage.client();
    for query in [
        "{ __schema { types { name } } }",
        "{ __type(name: \"User\") { name } }",
    ] {
        let told = client.ask(query, json!({})).await;
        assert_eq!(told.code(), "GRAPHQL_VALIDATION_FAILED", "{query}");
    }
    for query in [
        "{ asset { id } }",
        "{ assetz(id: \"bitcoin\") { id } }",
        "{ asset(idd: \"x\") { id } }",
    ] {
        let told = client.ask(query, json!({})).await;
        assert_eq!(told.code(), "GRAPHQL_VALIDATION_FAILED", "{query}");
        let message = told.0["errors"][0]["message"].as_str().unwrap();
        assert!(!message.contains("Did you mean"), "{message}");
    }
    let page = client.get("/graphql").header("accept", "text/html");
    let page = page.send().await.unwrap();
    assert_ne!(page.status(), StatusCode::OK);
    let told = client.ask(TYPENAME, json!({})).await.data();
    assert_eq!(told["__typename"], "Query");
}
