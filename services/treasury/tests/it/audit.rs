//! The auditor raises the alarm when somebody tampers with the ledger.

use std::time::Duration;

use contracts::commands::ClaimPlayMoney;
use domain::money::Currency;
use runtime::Mode;
use sea_orm::{ConnectionTrait as _, DbBackend, Statement, TransactionTrait as _};
use store::ledger;
use testkit::{Process, eventually};
use tokio::time::timeout;

use crate::stage::{LIMIT, Stage, caller};

const ALARM: &str = "the ledger does not add up";

/// The rules that the page says some check found broken, in their order; none before its first.
async fn broken_rules(process: &Process, check: &str) -> Option<Vec<String>> {
    let page = process.metrics().await;
    let counts = |rule: &str| {
        let line = format!("treasury_ledger_differences{{check=\"{check}\",rule=\"{rule}\"}} ");
        let count = page.lines().find_map(|found| found.strip_prefix(&line))?;
        Some((rule.to_owned(), count != "0"))
    };
    let rules = ledger::rules().map(counts).collect::<Option<Vec<_>>>()?;
    let broken = rules.into_iter().filter(|(_, is_broken)| *is_broken);
    Some(broken.map(|(rule, _)| rule).collect())
}

#[tokio::test]
async fn a_crooked_row_is_found_and_counted() {
    let stage = Stage::new().await;
    let mut process = stage
        .binary()
        .setting("audit.interval_ms", "100")
        .setting("audit.whole_interval_ms", "100")
        .start_ready()
        .await;
    let user = stage.user().await;
    let claim = ClaimPlayMoney {
        caller: caller(user),
        currency: Currency::Usdt,
    };
    stage.ask_twice(&claim).await.unwrap();
    let clean = async |check: &str| broken_rules(&process, check).await == Some(vec![]);
    for check in ["added", "whole"] {
        eventually(LIMIT, async || clean(check).await).await;
    }
    assert!(!process.stderr().contains(ALARM));

    stage
        .script("UPDATE ledger_accounts SET balance = balance + 1 WHERE kind = 'user'")
        .await;
    let broken = ["units_sum_to_zero", "balances_follow_from_transfers"];
    let found = async |check: &str| {
        let rules = broken_rules(&process, check).await;
        rules.is_some_and(|rules| rules == broken)
    };
    for check in ["added", "whole"] {
        eventually(LIMIT, async || found(check).await).await;
    }
    assert!(process.stderr().contains(ALARM));
    assert!(process.terminate().await.success());
}

#[tokio::test]
async fn what_the_whole_check_finds_is_told_until_it_is_mended() {
    let stage = Stage::new().await;
    let user = stage.user().await;
    let treasury = stage.treasury_with(Mode::Development, &[]).await;
    let claim = ClaimPlayMoney {
        caller: caller(user),
        currency: Currency::Usdt,
    };
    stage.ask_twice(&claim).await.unwrap();
    treasury.stop().await;
    let rewrite = |by: i32| {
        format!(
            "SET session_replication_role = replica;
             UPDATE ledger_entries SET balance_after = balance_after + {by};
             SET session_replication_role = DEFAULT;"
        )
    };
    stage.script(&rewrite(1)).await;
    // Two whole checks are six hours apart unless something differs.
    let mut process = stage
        .binary()
        .setting("audit.interval_ms", "100")
        .start_ready()
        .await;
    let whole = async |rules: &[&str]| {
        let broken = broken_rules(&process, "whole").await;
        broken.is_some_and(|broken| broken == rules)
    };
    eventually(LIMIT, async || whole(&["entries_add_up"]).await).await;
    stage.script(&rewrite(-1)).await;
    eventually(LIMIT, async || whole(&[]).await).await;
    assert!(process.terminate().await.success());
}

#[tokio::test]
async fn a_check_that_takes_long_does_not_hold_up_a_shutdown() {
    /// Far less than the check would wait for the table.
    const SOON: Duration = Duration::from_secs(4);
    let stage = Stage::new().await;
    let own = [("audit.interval_ms", "100")];
    let treasury = stage.treasury_with(Mode::Development, &own).await;
    let busy = stage.db.connection().begin().await.unwrap();
    let lock = "LOCK TABLE ledger_transfers IN ACCESS EXCLUSIVE MODE";
    busy.execute_unprepared(lock).await.unwrap();
    eventually(LIMIT, async || {
        let waiting = "SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock'
            AND application_name = 'treasury' AND datname = current_database()";
        let waiting = Statement::from_string(DbBackend::Postgres, waiting.to_owned());
        // Not inside the transaction: it goes on seeing the connections that it saw first.
        let connection = stage.db.connection();
        connection.query_one_raw(waiting).await.unwrap().is_some()
    })
    .await;
    let stopped = timeout(SOON, treasury.stop()).await;
    stopped.expect("a treasury that stops in time");
    busy.rollback().await.unwrap();
}
