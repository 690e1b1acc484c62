//! The operations of apps, which have to run as they are: the mobile app's, and all that the typed
//! client sends.

use std::collections::{BTreeMap, BTreeSet};

use async_graphql::parser::types::{OperationType, Selection, TypeKind, TypeSystemDefinition};
use async_graphql::parser::{parse_query, parse_schema};
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::client::Client;
use crate::permissions::STAFF;
use crate::socket::Socket;
use crate::stage::{LIMIT, Stage};
use crate::subscriptions::{price, shout_until};

/// As the mobile app sends them: all of them each time.
const OPERATIONS: &str = include_str!("../../../../graphql/operations/app.graphql");
/// As the typed client names them: each by its id.
const DOCUMENTS: &str = include_str!("../../../../graphql/documents.json");
const ID: &str = "00000000-0000-4000-8000-000000000000";
/// What could be one: 64 zeros in base58.
const SIGNATURE: &str = "1111111111111111111111111111111111111111111111111111111111111111";

/// Every variable that some operation takes; of those that it does not take, none complains.
fn variables() -> Value {
    let mut variables = json!({
        "id": ID, "ids": [ID], "first": 10, "after": null, "email": "ann@example.com",
        "verificationCode": "123456", "refreshToken": "x", "nickName": "Annabel", "avatar": "",
        "currency": "USDT", "matchID": ID, "baseToken": "bitcoin", "side": "BUY", "type": "MARKET",
        "margin": 10.5, "leverage": 2, "limitPrice": null, "stopLoss": "1", "targetPoint": 3,
        "kind": "LEVERAGE_CARD", "uses": 1, "walletID": ID, "gameID": ID, "private": true,
        "inviteCode": null, "userID": ID, "positionID": ID, "sessionID": ID, "status": "OPEN",
        "unread": true, "assetID": "bitcoin", "standing": "FRIENDS", "partyID": ID,
        "order": { "matchID": ID, "baseToken": "BTC", "side": "SELL", "type": "LIMIT",
            "margin": "1", "leverage": 1, "limitPrice": "100" },
    });
    variables["kinds"] = json!([]);
    variables["withdrawal"] = json!({ "currency": "SOL", "amount": 1, "address": "x" });
    for (name, value) in [
        ("password", "x"),
        ("currentPassword", "x"),
        ("newPassword", "correct horse"),
        ("address", "HAgk14JpMQLgt6rVgv7cBQFJWFto5Dqxi472uT3DKpqk"),
        ("message", "x"),
        ("signature", SIGNATURE),
        ("purpose", "SIGN_IN"),
        ("interval", "ONE_HOUR"),
    ] {
        variables[name] = json!(value);
    }
    variables["range"] = json!({ "from": "2024-08-08T00:00:00Z" });
    variables
}

/// Codes that speak of the state of things; all others find fault with the operation.
const EXPECTED: [&str; 9] = [
    "INVALID_CREDENTIALS",
    "INVALID_SIGNATURE",
    "INVALID_VERIFICATION_CODE",
    "INVALID_REFRESH_TOKEN",
    "OUTCOME_UNKNOWN",
    "SERVICE_UNAVAILABLE",
    "MATCH_NOT_FOUND",
    "POSITION_NOT_FOUND",
    "PARTY_NOT_FOUND",
];

/// The fields of the root types, as `Type.field`.
fn root_fields() -> BTreeSet<String> {
    let document = parse_schema(include_str!("../../../../graphql/schema.graphql")).unwrap();
    let of_a_root = |definition| {
        let TypeSystemDefinition::Type(definition) = definition else {
            return Vec::new();
        };
        let name = definition.node.name.node.to_string();
        let TypeKind::Object(object) = definition.node.kind else {
            return Vec::new();
        };
        if !["Query", "Mutation", "Subscription"].contains(&name.as_str()) {
            return Vec::new();
        }
        let fields = object.fields.iter();
        let named = fields.map(|field| format!("{name}.{}", field.node.name.node));
        named.collect()
    };
    document
        .definitions
        .into_iter()
        .flat_map(of_a_root)
        .collect()
}

/// The root fields that these documents ask for.
fn asked_in(documents: impl Iterator<Item = String>) -> BTreeSet<String> {
    let mut asked = BTreeSet::new();
    for document in documents {
        for (_, operation) in parse_query(document).unwrap().operations.iter() {
            let root = match operation.node.ty {
                OperationType::Query => "Query",
                OperationType::Mutation => "Mutation",
                OperationType::Subscription => "Subscription",
            };
            for selection in &operation.node.selection_set.node.items {
                if let Selection::Field(field) = &selection.node {
                    asked.insert(format!("{root}.{}", field.node.name.node));
                }
            }
        }
    }
    asked
}

#[test]
fn whatever_a_player_may_ask_is_among_the_documents() {
    let documents: BTreeMap<String, String> = serde_json::from_str(DOCUMENTS).unwrap();
    let asked = asked_in(documents.into_values());
    let name = |mutation: &str| mutation.split('(').next().unwrap().to_owned();
    let staff = STAFF.iter().map(|(it, _)| format!("Mutation.{}", name(it)));
    let staff: BTreeSet<String> = staff.collect();
    let missing: Vec<_> = root_fields()
        .into_iter()
        .filter(|field| !asked.contains(field) && !staff.contains(field))
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[tokio::test]
async fn every_operation_of_the_app_runs_unmodified() {
    let stage = Stage::new().await;
    let ann = stage.signed_in("ann@example.com").await;
    let document = parse_query(OPERATIONS).unwrap();
    let named = |(name, operation): (Option<&async_graphql::Name>, _)| {
        (name.unwrap().to_string(), operation)
    };
    let operations = document
        .operations
        .iter()
        .map(|(name, operation)| named((name, operation)));
    let checks = operations.map(async |(name, operation)| {
        if operation.node.ty == OperationType::Subscription {
            return;
        }
        // What the other operations of the document take is not asked of this one.
        let taken = operation.node.variable_definitions.iter();
        let taken: BTreeSet<String> = taken.map(|it| it.node.name.node.to_string()).collect();
        let mut variables = variables();
        variables["first"] = json!(100);
        let given = variables.as_object_mut().unwrap();
        given.retain(|name, _| taken.contains(name));
        let body = json!({
            "query": OPERATIONS, "operationName": name, "variables": variables,
        });
        let told = ann.post(body.to_string()).send().await.unwrap();
        let told: Value = told.json().await.unwrap();
        let code = told["errors"][0]["extensions"]["code"].as_str();
        assert!(
            code.is_none_or(|code| EXPECTED.contains(&code)),
            "{name}: {told}"
        );
    });
    futures::future::join_all(checks).await;
}

#[tokio::test]
async fn every_operation_of_the_typed_client_runs_by_its_id() {
    let stage = Stage::new().await;
    let ann = stage.signed_in("ann@example.com").await;
    let documents: BTreeMap<String, String> = serde_json::from_str(DOCUMENTS).unwrap();
    // Nobody is signed in afterwards.
    let (last, documents): (Vec<_>, Vec<_>) = documents
        .into_iter()
        .filter(|(_, text)| !text.contains("subscription "))
        .partition(|(_, text)| text.contains("mutation SignOut "));
    assert!(documents.len() > 40, "{}", documents.len());
    let checks = documents.iter().map(|(id, text)| run(&ann, id, text));
    futures::future::join_all(checks).await;
    for (id, text) in &last {
        run(&ann, id, text).await;
    }
}

async fn run(client: &Client, id: &str, text: &str) {
    let body = json!({ "documentId": id, "variables": variables() });
    let told = client.post(body.to_string()).send().await.unwrap();
    let told: Value = told.json().await.unwrap();
    let code = told["errors"][0]["extensions"]["code"].as_str();
    assert!(
        code.is_none_or(|code| EXPECTED.contains(&code)),
        "{text}: {told}"
    );
}

#[tokio::test]
async fn every_subscription_of_the_app_begins() {
    let stage = Stage::new().await;
    let ann = stage.signed_in("ann@example.com").await;
    let message = stage.notice(&ann.id().await).await;
    let mut socket = Socket::open(&ann).await;
    let mut silent = BTreeSet::from([
        "AssetUpdated",
        "AssetsUpdated",
        "NotificationCreated",
        "CurrentTime",
    ]);
    for name in &silent {
        let mut variables = variables();
        variables["id"] = json!("bitcoin");
        let payload = json!({ "query": OPERATIONS, "operationName": name, "variables": variables });
        socket
            .say(json!({ "id": name, "type": "subscribe", "payload": payload }))
            .await;
    }
    let shout = async || {
        stage.bus.shout(&price("61837.63")).unwrap();
        stage.bus.shout(&message).unwrap();
    };
    let everyone_speaks = async {
        while !silent.is_empty() {
            let told = socket.hear().await;
            let sound = told["type"] == "next" && told["payload"].get("errors").is_none();
            assert!(sound, "{told}");
            silent.remove(told["id"].as_str().unwrap());
        }
    };
    timeout(LIMIT, shout_until(shout, everyone_speaks))
        .await
        .unwrap();
}
