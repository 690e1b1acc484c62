//! A treasury that cannot start says why, in one line.

use std::time::Duration;

use testkit::Binary;

use crate::stage::Stage;

const LIMIT: Duration = Duration::from_secs(60);

/// The last words of a treasury that cannot start; what comes before them is its log.
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
    let missing = complaint(Binary::service("treasury")).await;
    assert!(missing.contains("postgres.password"), "{missing}");
    let wrong = complaint(stage.binary().setting("play_money.usdt.claim", "0.0000001")).await;
    let named = wrong.contains("play_money.usdt.claim") && wrong.contains("at most 6 decimals");
    assert!(named, "{wrong}");
    let unknown = complaint(stage.binary().setting("play_money.eur.claim", "1")).await;
    assert!(unknown.contains("play_money.eur"), "{unknown}");
}
