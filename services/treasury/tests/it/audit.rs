//! The auditor raises the alarm when somebody tampers with the ledger.

use contracts::commands::ClaimPlayMoney;
use domain::money::Currency;
use testkit::{Process, eventually};

use crate::stage::{LIMIT, Stage, caller};

const ALARM: &str = "the ledger does not add up";

async fn metrics(process: &Process) -> String {
    let page = reqwest::get(format!("{}/metrics", process.url()))
        .await
        .unwrap();
    page.text().await.unwrap()
}

#[tokio::test]
async fn a_crooked_row_is_found_and_counted() {
    let stage = Stage::new().await;
    let mut process = stage
        .binary()
        .setting("audit.interval_ms", "100")
        .start_ready()
        .await;
    let user = stage.user().await;
    let claim = ClaimPlayMoney {
        caller: caller(user),
        currency: Currency::Usdt,
    };
    stage.ask_twice(&claim).await.unwrap();
    let clean = "treasury_ledger_differences 0";
    eventually(LIMIT, async || metrics(&process).await.contains(clean)).await;
    assert!(!process.stderr().contains(ALARM));

    stage
        .script("UPDATE ledger_accounts SET balance = balance + 1 WHERE kind = 'user'")
        .await;
    eventually(LIMIT, async || !metrics(&process).await.contains(clean)).await;
    assert!(process.stderr().contains(ALARM));
    assert!(process.terminate().await.success());
}
