//! What keeps a gateway from starting, and how it says so.

use std::time::Duration;

use runtime::{Mode, MovableClock, Supervisor};
use testkit::{Database, Space};

use crate::stage::{LIMIT, settings};

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
async fn a_missing_stream_is_named() {
    let line = complaint(&[]).await;
    assert!(line.contains("MARKET"), "{line}");
}
