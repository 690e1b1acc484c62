//! Somebody else's programs look at the API: npm's auditor of GraphQL over HTTP and npm's clients of
//! the other two transports. The typed client is tried where it has to help itself.

use std::ffi::OsStr;
use std::path::PathBuf;
use std::process::Stdio;

use serde_json::{Value, json};
use tokio::process::Command;
use tokio::time::timeout;

use crate::client::Client;
use crate::stage::{LIMIT, Stage};

/// Where the suite has installed what the scripts need.
const INSTALLED: &str = "BATTLESBIT_TEST_CLIENTS_DIR";

/// Where the suite has compiled the typed client.
const COMPILED: &str = "BATTLESBIT_TEST_TYPED_CLIENT_DIR";

fn folder(variable: &str) -> PathBuf {
    PathBuf::from(std::env::var_os(variable).expect("run `./just test`"))
}

/// What a script prints about the API at `client`'s address.
async fn told_by(script: &str, client: &Client) -> Value {
    let about: Vec<&OsStr> = client.access.iter().map(OsStr::new).collect();
    told_with(script, client, &about).await
}

/// The same, of a script that is told more.
async fn told_with(script: &str, client: &Client, about: &[&OsStr]) -> Value {
    let mut node = Command::new("node");
    // Modules are looked for beside the script.
    node.arg(folder(INSTALLED).join(script))
        .arg(format!("http://{}/graphql", client.address))
        .args(about)
        .stdin(Stdio::null())
        .kill_on_drop(true);
    let output = timeout(LIMIT, node.output()).await.unwrap().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{script}: {said}");
    serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{script}: {error}: {said}"))
}

#[tokio::test]
async fn the_auditor_of_graphql_over_http_finds_nothing() {
    let stage = Stage::new().await;
    let told = told_by("audit.mjs", &stage.client()).await;
    assert_eq!(told["findings"], Value::Array(Vec::new()));
    // All that the pinned version looks at.
    assert_eq!(told["passed"], 61);
}

#[tokio::test]
async fn the_client_graphql_ws_is_understood() {
    let stage = Stage::new().await;
    let ann = stage.signed_in("ann@example.com").await;
    let told = told_by("socket.mjs", &ann).await;
    assert!(told["query"]["profile"]["nickName"].is_string(), "{told}");
    let renamed = &told["mutation"]["updateProfile"]["nickName"];
    assert_eq!(renamed, "Socket", "{told}");
    assert_eq!(told["times"], 2, "{told}");
    assert!(
        told["expiresIn"].as_u64().is_some_and(|left| left > 800),
        "{told}"
    );
    assert_eq!(told["invalid"], json!(["GRAPHQL_VALIDATION_FAILED"]));
    assert_eq!(told["refused"], json!([4403, "Forbidden"]));
}

#[tokio::test]
async fn the_client_graphql_sse_is_understood() {
    let stage = Stage::new().await;
    let ann = stage.signed_in("ann@example.com").await;
    let told = told_by("events.mjs", &ann).await;
    let query = told["query"].as_array().unwrap();
    assert_eq!(query.len(), 1, "{told}");
    assert!(
        query[0]["data"]["profile"]["nickName"].is_string(),
        "{told}"
    );
    assert_eq!(told["times"], 2, "{told}");
    assert_eq!(told["invalid"], json!(["GRAPHQL_VALIDATION_FAILED"]));
    assert_eq!(told["refused"], json!(["UNAUTHENTICATED"]));
}

#[tokio::test]
async fn the_typed_client_renews_its_tokens_and_says_what_is_not_known_by_its_id() {
    let stage = Stage::with(&[("identity.access_token_s", "4")]).await;
    let ann = stage.signed_in("ann@example.com").await;
    let client = folder(COMPILED).join("dist/src/index.js");
    let (access, refresh) = (ann.access.as_deref(), ann.refresh.as_deref());
    let tokens = [access.unwrap(), refresh.unwrap(), "4"].map(OsStr::new);
    let about: Vec<&OsStr> = [client.as_os_str()].into_iter().chain(tokens).collect();
    let told = told_with("typed.mjs", &ann, &about).await;
    assert!(told["renewals"].as_u64() >= Some(3), "{told}");
    assert!(told["times"].as_u64() >= Some(5), "{told}");
    assert_eq!(told["connections"], 1, "{told}");
    assert!(
        told["nickName"].is_string() && told["heard"].is_string(),
        "{told}"
    );
    assert!(told["assets"].as_u64() > Some(0), "{told}");
    assert_eq!(told["told"], json!(["Gap"]), "{told}");
    assert_eq!(told["refusal"], "BAD_USER_INPUT", "{told}");
}
