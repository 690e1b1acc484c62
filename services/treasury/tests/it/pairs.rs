//! Two treasuries at the same withdrawal.

use domain::ledger::Unit;
use domain::money::Currency;
use sea_orm::{ConnectionTrait as _, TransactionTrait as _};
use store::withdrawal::Status;
use testkit::eventually;

use crate::chain_stage::{ChainStage, DROP_ALL, SOL, STRANGER, sol};
use crate::stage::LIMIT;

impl ChainStage {
    /// How many wait for a row or a right while they run statements like this.
    async fn wait_at(&self, statement: &str) -> i64 {
        let waiting = format!(
            "pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'
             AND query LIKE '{statement}'"
        );
        self.count(&waiting).await
    }
}

#[tokio::test]
async fn two_treasuries_that_sign_the_same_withdrawal_pay_it_once() {
    let it = ChainStage::patient().await;
    it.validator.fault("drop", DROP_ALL).await;
    let user = it.rich(sol(SOL)).await;
    let id = it.untended(user, sol(SOL)).await;
    // Both have signed before either gets at the withdrawal, and not the same, for the chain goes on.
    let held = it.stage.db.connection().begin().await.unwrap();
    let lock = format!("SELECT FROM withdrawals WHERE id = '{id}' FOR KEY SHARE");
    held.execute_unprepared(&lock).await.unwrap();
    let mut processes = Vec::new();
    for waiting in 1..=2 {
        // Whoever starts looks first.
        processes.push(it.binary().start_ready().await);
        let wait = async || {
            it.wait_at("SELECT * FROM withdrawals WHERE id = $1 FOR UPDATE")
                .await
        };
        eventually(LIMIT, async || wait().await == waiting).await;
    }
    held.rollback().await.unwrap();
    it.drops_one().await;
    // Its workflow goes on, whoever runs it.
    let untold = format!("UPDATE withdrawals SET told_status = NULL WHERE id = '{id}'");
    it.stage.script(&untold).await;
    it.drops_no_more().await;
    it.reaches(id, Status::Completed).await;
    assert_eq!(it.signed(id).await, 1);
    assert_eq!(it.on_chain(STRANGER, Currency::Sol).await, SOL);
    assert_eq!(it.wallet(user, Unit::Sol).await, (0, 0));
    it.reconciles().await;
    for process in &mut processes {
        assert!(process.terminate().await.success());
    }
}
