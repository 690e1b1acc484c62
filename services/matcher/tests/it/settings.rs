//! A matcher that cannot start says why, in one line.

use std::time::Duration;

use testkit::Binary;

use crate::stage::Stage;

const LIMIT: Duration = Duration::from_secs(60);

/// The last words of a matcher that cannot start; what comes before them is its log.
async fn complaint(binary: Binary) -> String {
    let mut process = binary.start();
    assert!(!process.wait(LIMIT).await.success());
    let stderr = process.stderr();
    let mut plain = stderr.lines().filter(|line| !line.starts_with('{'));
    let (line, more) = (plain.next(), plain.next());
    assert_eq!(more, None, "{stderr}");
    line.unwrap().to_owned()
}

#[tokio::test]
async fn a_setting_that_is_missing_wrong_or_unknown_is_named() {
    let stage = Stage::new().await;
    let missing = complaint(Binary::service("matcher")).await;
    assert!(missing.contains("postgres.password"), "{missing}");
    let wrong = complaint(stage.binary().setting("leader.poll_ms", "251")).await;
    assert!(
        wrong.contains("leader.poll_ms") && wrong.contains("10 to 250"),
        "{wrong}"
    );
    let unknown = complaint(stage.binary().setting("leader.pol_ms", "200")).await;
    assert!(unknown.contains("leader.pol_ms"), "{unknown}");
}

#[tokio::test]
async fn streams_that_were_not_declared_are_named() {
    let stage = Stage::new().await;
    let other = stage.binary().setting("nats.prefix", "nobody");
    let refused = complaint(other).await;
    assert!(
        refused.contains("nobody_MARKET") && refused.contains("migrations"),
        "{refused}"
    );
}
