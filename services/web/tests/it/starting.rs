//! What keeps a gateway from starting, and how it says so.

use std::time::Duration;

use runtime::{Mode, MovableClock, Supervisor};
use testkit::{Database, Space};

use crate::stage::{LIMIT, SIGNING_KEY, settings};

async fn complaint(own: &[(&str, &str)]) -> String {
    let (database, space) = (Database::new().await, Space::new());
    let clock = MovableClock::at_present().clock();
    let grace = Duration::from_secs(5);
    let supervisor = Supervisor::new(web::SERVICE, Mode::Production, clock, grace);
    supervisor.start(web::serve(
        settings(&database, &space, own),
        supervisor.context(),
    ));
    tokio::time::timeout(LIMIT, supervisor.failed())
        .await
        .unwrap();
    format!("{:#}", supervisor.stop().await.unwrap_err())
}

#[test]
fn a_missing_setting_is_named() {
    let loaded = runtime::settings::load::<web::Settings>(&web::SERVICE, None, []);
    let line = loaded.map(|_| ()).unwrap_err().to_string();
    assert!(
        line.contains("is missing") && line.contains("BATTLESBIT_WEB__"),
        "{line}"
    );
}

#[tokio::test]
async fn a_signing_key_that_is_none_is_named() {
    let line = complaint(&[("identity.signing_key", "not hexadecimal at all")]).await;
    assert!(
        line.contains("identity.signing_key: expected 64 hexadecimal digits"),
        "{line}"
    );
}

#[tokio::test]
async fn a_key_that_is_to_follow_itself_is_named() {
    let line = complaint(&[("identity.next_signing_key", SIGNING_KEY)]).await;
    assert!(
        line.contains("identity.next_signing_key: expected") && line.contains("no other key"),
        "{line}"
    );
}

#[tokio::test]
async fn an_origin_that_is_none_is_named() {
    for origin in [
        "app.example.com",
        "https://app.example.com/",
        "https://",
        "https://a b",
    ] {
        let origins = format!("[\"{origin}\"]");
        let line = complaint(&[("cors.origins", &origins)]).await;
        assert!(
            line.contains("cors.origins: expected") && line.contains(origin),
            "{line}"
        );
    }
}

#[tokio::test]
async fn a_proxy_that_is_none_is_named() {
    let line = complaint(&[("limits.trusted_proxies", "[\"10.0.0.0/8\", \"proxy\"]")]).await;
    assert!(
        line.contains("limits.trusted_proxies: expected") && line.contains("\"proxy\""),
        "{line}"
    );
}

#[tokio::test]
async fn a_list_of_documents_that_is_none_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("list.json");
    for (text, why) in [
        (None, "No such file"),
        (Some("[]"), "expected {\"<SHA-256>\": \"<document>\"}"),
        (Some("{\"sha256:00\": \"{ x }\"}"), "is not the SHA-256"),
    ] {
        if let Some(text) = text {
            std::fs::write(&path, text).unwrap();
        }
        let lists = serde_json::json!([path]).to_string();
        let line = complaint(&[("documents.lists", &lists)]).await;
        assert!(line.contains("list.json") && line.contains(why), "{line}");
    }
}

#[tokio::test]
async fn a_missing_stream_is_named() {
    let line = complaint(&[]).await;
    assert!(line.contains("MARKET"), "{line}");
}
