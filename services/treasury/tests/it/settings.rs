//! A treasury that cannot start says why, in one line.

use std::sync::Arc;
use std::time::Duration;

use testkit::{Binary, eventually};

use crate::chain_stage::{ChainStage, PHRASE, SOL, STRANGER, sol};
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

#[tokio::test]
async fn what_is_out_of_bounds_or_does_not_fit_together_is_named() {
    let stage = Stage::new().await;
    for (setting, value, told) in [
        ("chain.scan_accounts", "0", "expected 1 to 10000"),
        ("chain.timeout_ms", "99", "expected 100 to 60000"),
        (
            "chain.timeout_ms",
            "15000",
            "chain.timeout_ms: expected less than 15000",
        ),
        (
            "chain.timeout_ms",
            "60000",
            "chain.timeout_ms: expected less than 15000",
        ),
        ("chain.scan_page", "2", "expected 3 to 1000"),
        ("chain.scan_interval_ms", "99", "expected 100 to 86400000"),
        ("audit.interval_ms", "86400001", "expected 100 to 86400000"),
        ("withdrawals.usdt.daily_count", "0", "expected 1 to 1000"),
        ("items.ttl_hours", "87601", "expected 1 to 87600"),
        ("items.claim", "1001", "items: expected a claim"),
        ("play_money.bt.cap", "999", "play_money.bt: expected"),
        ("chain.deposit.usdt", "5.1", "chain.sweep.usdt: expected"),
        ("chain.deposit.sol", "0", "above zero"),
        ("withdrawals.sol.max", "101", "withdrawals.sol: expected"),
        ("withdrawals.usdt.min", "0.75", "withdrawals.usdt.min"),
        ("withdrawals.sol.min", "0.00089087", "withdrawals.sol.min"),
    ] {
        let refused = complaint(stage.binary().setting(setting, value)).await;
        assert!(refused.contains(told), "{setting}: {refused}");
    }
    let longest = stage.binary().setting("chain.timeout_ms", "14999");
    assert!(longest.start_ready().await.terminate().await.success());
}

#[tokio::test]
async fn a_node_that_cannot_be_reached_is_told_of_with_the_cause() {
    let it = ChainStage::new().await;
    let mut process = it
        .binary()
        .setting("chain.url", "http://127.0.0.1:1/secret")
        .start_ready()
        .await;
    let told = async || {
        let stderr = process.stderr();
        ["deposits wait", "the node does not answer: ", "refused"]
            .iter()
            .all(|part| stderr.contains(part))
    };
    eventually(LIMIT, told).await;
    assert!(!process.stderr().contains("secret"));
    assert!(process.terminate().await.success());
}

#[tokio::test]
async fn a_chain_without_a_seed_or_with_a_wrong_one_is_refused_and_no_seed_is_shown() {
    let stage = Stage::new().await;
    let with_node = || stage.binary().setting("chain.url", "http://127.0.0.1:1");
    let missing = complaint(with_node()).await;
    assert!(missing.contains("chain.seed is missing"), "{missing}");
    let words = PHRASE.replace("about", "abandon");
    let wrong = complaint(with_node().setting("chain.seed", words)).await;
    assert!(wrong.contains("chain.seed"), "{wrong}");
    assert!(!wrong.contains("abandon"), "{wrong}");
    let alone = complaint(stage.binary().setting("chain.seed", PHRASE)).await;
    assert!(alone.contains("chain.url is missing"), "{alone}");
}

#[tokio::test]
async fn another_seed_or_mint_than_the_database_has_known_is_refused() {
    let it = ChainStage::new().await;
    it.treasury().await.stop().await;
    let others = [
        ("chain.usdt_mint", STRANGER),
        (
            "chain.seed",
            "legal winner thank year wave sausage worth useful legal winner thank yellow",
        ),
    ];
    for (setting, other) in others {
        let told = complaint(it.binary().setting(setting, other)).await;
        assert!(
            told.contains("is not the one that this database has known"),
            "{told}"
        );
    }
    it.treasury().await.stop().await;
}

#[tokio::test]
async fn a_treasury_ends_with_a_runtime_that_is_dropped() {
    let it = Arc::new(ChainStage::poor().await);
    let inner = it.clone();
    let running = tokio::task::spawn_blocking(move || {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        // As a test that fails: nobody stops it.
        drop(runtime.block_on(inner.treasury()));
    });
    running.await.unwrap();
    // Its last thread has the last connections.
    let connected = "pg_stat_activity WHERE usename = 'battlesbit_treasury'
         AND datname = current_database()";
    eventually(LIMIT, async || it.count(connected).await == 0).await;
}

#[tokio::test]
async fn by_the_node_of_another_chain_nothing_is_credited_or_signed() {
    let it = ChainStage::new().await;
    it.treasury().await.stop().await;
    it.stage
        .script("UPDATE chain_accounts SET genesis = 'another' WHERE user_id IS NULL")
        .await;
    let user = it.rich(sol(2 * SOL)).await;
    let mut process = it.binary().start_ready().await;
    let id = it.withdraw(user, sol(SOL), STRANGER).await.unwrap();
    let deposits = it.count("deposits").await;
    let refused = async || {
        let page = process.metrics().await;
        [
            "treasury_scans_failed_total 0",
            "treasury_sweeps_failed_total 0",
        ]
        .iter()
        .all(|none| !page.lines().any(|line| line == *none))
    };
    eventually(LIMIT, refused).await;
    assert_eq!(
        (it.signed(id).await, it.count("deposits").await),
        (0, deposits)
    );
    it.stage
        .script("UPDATE chain_accounts SET genesis = NULL")
        .await;
    it.reaches(id, store::withdrawal::Status::Completed).await;
    assert!(process.terminate().await.success());
}
