//! The mobile app's operations, which have to run as they are.

use std::collections::BTreeSet;

use async_graphql::parser::parse_query;
use async_graphql::parser::types::OperationType;
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::socket::Socket;
use crate::stage::{LIMIT, Stage};
use crate::subscriptions::{price, shout_until};

const OPERATIONS: &str = include_str!("../../../../graphql/operations/app.graphql");
const ID: &str = "00000000-0000-4000-8000-000000000000";

/// Every variable that some operation takes; of those that it does not take, none complains.
fn variables() -> Value {
    json!({
        "id": ID, "ids": [ID], "first": 10, "after": null, "email": "ann@example.com",
        "verificationCode": "123456", "refreshToken": "x", "nickName": "Annabel", "avatar": "",
        "currency": "USDT", "matchID": ID, "baseToken": "bitcoin", "side": "BUY", "type": "MARKET",
        "margin": 10.5, "leverage": 2, "limitPrice": null, "stopLoss": "1", "targetPoint": 3,
    })
}

/// Codes that speak of the state of things; all others find fault with the operation.
const EXPECTED: [&str; 6] = [
    "INVALID_VERIFICATION_CODE",
    "INVALID_REFRESH_TOKEN",
    "OUTCOME_UNKNOWN",
    "SERVICE_UNAVAILABLE",
    "MATCH_NOT_FOUND",
    "POSITION_NOT_FOUND",
];

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
        let body = json!({
            "query": OPERATIONS, "operationName": name, "variables": variables(),
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
