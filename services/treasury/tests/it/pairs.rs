//! Two treasuries at the same withdrawal, or at the same player.

use contracts::Code;
use domain::ledger::{Account, Unit};
use domain::money::Currency;
use sea_orm::{ConnectionTrait as _, TransactionTrait as _};
use store::withdrawal::Status;
use testkit::{Space, eventually};

use crate::chain_stage::{ChainStage, DROP_ALL, SOL, STRANGER, USDT, sol, usdt, withdraw};
use crate::stage::{LIMIT, ask_on, bus_of};

impl ChainStage {
    /// How many wait for a row or a right while they run statements like this.
    pub(crate) async fn wait_at(&self, statement: &str) -> i64 {
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

#[tokio::test]
async fn nobody_withdraws_more_in_a_day_by_asking_twice_at_once() {
    let it = ChainStage::new().await;
    let daily = [
        ("withdrawals.usdt.max", "30"),
        ("withdrawals.usdt.daily", "30"),
    ];
    // A stream hands out one command at a time: the other treasury has one of its own.
    let elsewhere = Space::new();
    let bus = bus_of(&elsewhere).await;
    let prefix = [("nats.prefix", elsewhere.prefix())];
    let own: Vec<_> = daily.into_iter().chain(prefix).collect();
    let treasuries = [it.treasury_with(&daily).await, it.treasury_with(&own).await];
    let user = it.rich(usdt(100 * USDT)).await;
    // Both have judged before either can hold the money, unless one waits for the other.
    let held = it.stage.db.connection().begin().await.unwrap();
    let wallet = Account::user(user, Unit::Usdt).id();
    let lock = format!("SELECT FROM ledger_accounts WHERE id = '{wallet}' FOR UPDATE");
    held.execute_unprepared(&lock).await.unwrap();
    let [one, other] = [usdt(20 * USDT); 2].map(|amount| withdraw(user, amount, STRANGER));
    let let_go = async {
        eventually(LIMIT, async || it.wait_at("%").await == 2).await;
        held.rollback().await.unwrap();
    };
    let (one, other, ()) = tokio::join!(it.stage.ask(&one), ask_on(&bus, &other), let_go);
    let refused = [&one, &other].map(|it| it.as_ref().err().copied());
    assert!(
        [
            [None, Some(Code::WithdrawalLimit)],
            [Some(Code::WithdrawalLimit), None]
        ]
        .contains(&refused),
        "{refused:?}"
    );
    assert_eq!(it.count("withdrawals").await, 1);
    for treasury in treasuries {
        treasury.stop().await;
    }
}
