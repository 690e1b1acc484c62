//! A treasury that dies at some step of a deposit or a withdrawal, and the next one that goes on.

use std::time::Duration;

use contracts::commands::{ReviewWithdrawal, Verdict};
use domain::id::{UserId, WithdrawalId};
use domain::ledger::{Account, Unit};
use domain::money::{Currency, Money};
use store::withdrawal::Status;
use tempfile::TempDir;
use testkit::{Process, eventually};

use crate::chain_stage::{
    ACCOUNT_FEE, ChainStage, DROP_ALL, SOL, STRANGER, USDT, sol, usdt, withdraw,
};
use crate::stage::{LIMIT, caller};

/// How long an answer is waited for.
const ANSWER: Duration = Duration::from_secs(2);
/// A program that has the address of a key, and is nobody's wallet.
const NO_WALLET: &str = "TokenzQdBNbLqP5VEhdkAS6EPFLC1PHnBqCXEpPxuEb";
/// From this much on somebody has to approve it.
const LARGE: i64 = 500 * USDT;

/// A treasury that dies at a point.
struct Doomed {
    process: Process,
    point: &'static str,
    folder: TempDir,
}

impl Doomed {
    async fn start(it: &ChainStage, point: &'static str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let marker = folder.path().join("hit");
        let armed = it
            .binary()
            .env("BATTLESBIT_FAILPOINT", point)
            .env("BATTLESBIT_FAILPOINT_HIT", marker.to_str().unwrap());
        Self {
            process: armed.start_ready().await,
            point,
            folder,
        }
    }

    /// Waits until it has died where it had to.
    async fn dies(mut self) {
        assert!(!self.process.wait(LIMIT).await.success());
        let hit = std::fs::read_to_string(self.folder.path().join("hit"));
        assert_eq!(hit.unwrap(), self.point);
    }
}

impl ChainStage {
    /// A withdrawal has ended unpaid, once: its money is free, and its player was told so.
    async fn is_unpaid_once(&self, id: WithdrawalId, user: UserId, amount: Money) {
        assert_eq!(self.wallet(user, amount.unit()).await, (amount.minor, 0));
        assert_eq!(self.on_chain(STRANGER, amount.currency).await, 0);
        let told = format!("outbox WHERE aggregate_id = '{id}' AND version = 1");
        assert_eq!(self.count(&told).await, 1);
        let live = "chain_transactions WHERE withdrawal_id IS NOT NULL AND status = 'LIVE'";
        assert_eq!(self.count(live).await, 0);
        self.reconciles().await;
    }
}

/// Lets a treasury die at `point` of a withdrawal that the chain never takes; then lets another one
/// give it back.
async fn dies_signing_anew_at(point: &'static str) {
    let it = ChainStage::new().await;
    it.validator.fault("drop", DROP_ALL).await;
    let doomed = Doomed::start(&it, point).await;
    let user = it.rich(sol(SOL)).await;
    let id = it.withdraw(user, sol(SOL), STRANGER).await.unwrap();
    doomed.dies().await;

    let mut next = it.binary().start_ready().await;
    it.reaches(id, Status::Failed).await;
    assert_eq!(it.signed(id).await, 3);
    it.drops_no_more().await;
    it.is_unpaid_once(id, user, sol(SOL)).await;
    assert!(next.terminate().await.success());
}

/// Lets a treasury die at `point` of a withdrawal whose time is over while it is sent; then lets
/// another one give it back.
async fn dies_giving_back_at(point: &'static str) {
    let it = ChainStage::new().await;
    it.validator.fault("drop", DROP_ALL).await;
    let first = it.treasury().await;
    let user = it.rich(sol(SOL)).await;
    let id = it.withdraw(user, sol(SOL), STRANGER).await.unwrap();
    it.drops_one().await;
    first.stop().await;
    let over = format!("UPDATE withdrawals SET expires_at_ms = 1 WHERE id = '{id}'");
    it.stage.script(&over).await;
    Doomed::start(&it, point).await.dies().await;

    let mut next = it.binary().start_ready().await;
    it.reaches(id, Status::Failed).await;
    assert!(it.signed(id).await < 3);
    it.drops_no_more().await;
    it.is_unpaid_once(id, user, sol(SOL)).await;
    assert!(next.terminate().await.success());
}

/// Lets a treasury die at `point` of a withdrawal that can go nowhere; then lets another one free it.
async fn dies_freeing_at(point: &'static str) {
    let it = ChainStage::new().await;
    let doomed = Doomed::start(&it, point).await;
    let user = it.rich(sol(SOL)).await;
    let id = it.withdraw(user, sol(SOL), NO_WALLET).await.unwrap();
    doomed.dies().await;

    let mut next = it.binary().start_ready().await;
    it.reaches(id, Status::Failed).await;
    assert_eq!(it.signed(id).await, 0);
    it.is_unpaid_once(id, user, sol(SOL)).await;
    assert!(next.terminate().await.success());
}

/// Lets a treasury die at `point` of a review; then lets another one finish it.
async fn dies_reviewing_at(point: &'static str, verdict: Verdict) {
    let it = ChainStage::new().await;
    let doomed = Doomed::start(&it, point).await;
    let (user, reviewer) = (it.rich(usdt(LARGE)).await, it.stage.user().await);
    let id = it.withdraw(user, usdt(LARGE), STRANGER).await.unwrap();
    let review = ReviewWithdrawal {
        caller: caller(reviewer),
        withdrawal: id,
        verdict,
    };
    let stored = it.stage.bus.ask(&review, ANSWER);
    let (stored, ()) = tokio::join!(stored, doomed.dies());
    stored.unwrap();

    let mut next = it.binary().start_ready().await;
    assert_eq!(it.stage.ask_twice(&review).await, Ok(id));
    match review.verdict {
        Verdict::Approve => {
            it.reaches(id, Status::Completed).await;
            let arrived = it.on_chain(STRANGER, Currency::Usdt).await;
            assert_eq!(arrived, LARGE - ACCOUNT_FEE);
            assert_eq!(it.wallet(user, Unit::Usdt).await, (0, 0));
            it.reconciles().await;
        }
        Verdict::Reject { .. } => {
            assert_eq!(it.status(id).await, Status::Rejected);
            it.is_unpaid_once(id, user, usdt(LARGE)).await;
        }
    }
    assert!(next.terminate().await.success());
}

fn reject() -> Verdict {
    Verdict::Reject {
        reason: "The account is under review.".to_owned(),
    }
}

/// Lets a treasury die at `point` of a withdrawal; then lets another one finish.
async fn dies_paying_at(point: &str) {
    let it = ChainStage::new().await;
    let folder = tempfile::tempdir().unwrap();
    let marker = folder.path().join("hit");
    let armed = it
        .binary()
        .env("BATTLESBIT_FAILPOINT", point)
        .env("BATTLESBIT_FAILPOINT_HIT", marker.to_str().unwrap());
    let mut doomed = armed.start_ready().await;
    let user = it.rich(sol(3 * SOL)).await;
    let asked = withdraw(user, sol(SOL), STRANGER);
    // The answer may die with whoever gives it.
    let stored = it.stage.bus.ask(&asked, ANSWER);
    let (stored, ended) = tokio::join!(stored, doomed.wait(LIMIT));
    stored.unwrap();
    assert!(!ended.success());
    assert_eq!(std::fs::read_to_string(&marker).unwrap(), point);

    let mut next = it.binary().start_ready().await;
    it.reaches(asked.withdrawal, Status::Completed).await;
    assert_eq!(it.stage.ask_twice(&asked).await, Ok(asked.withdrawal));
    assert_eq!(it.wallet(user, Unit::Sol).await, (2 * SOL, 0));
    assert_eq!(it.on_chain(STRANGER, Currency::Sol).await, SOL);
    assert!(it.signed(asked.withdrawal).await <= 2);
    let finalized = "chain_transactions WHERE status = 'FINALIZED' AND withdrawal_id IS NOT NULL";
    assert_eq!(it.count(finalized).await, 1);
    it.reconciles().await;
    assert!(next.terminate().await.success());
}

/// The same of a withdrawal of which a fee is kept.
#[tokio::test]
async fn a_treasury_that_dies_before_the_books_are_closed_keeps_a_fee_once() {
    let it = ChainStage::new().await;
    let folder = tempfile::tempdir().unwrap();
    let marker = folder.path().join("hit");
    let armed = it
        .binary()
        .env("BATTLESBIT_FAILPOINT", "withdrawal.booked")
        .env("BATTLESBIT_FAILPOINT_HIT", marker.to_str().unwrap());
    let mut doomed = armed.start_ready().await;
    let user = it.rich(usdt(3 * USDT)).await;
    let id = it.withdraw(user, usdt(2 * USDT), STRANGER).await.unwrap();
    assert!(!doomed.wait(LIMIT).await.success());
    assert!(marker.exists());
    let house = it.stage.balance(Account::house(Unit::Usdt)).await;

    let mut next = it.binary().start_ready().await;
    it.reaches(id, Status::Completed).await;
    assert_eq!(it.wallet(user, Unit::Usdt).await, (USDT, 0));
    let arrived = it.on_chain(STRANGER, Currency::Usdt).await;
    assert_eq!(arrived, 2 * USDT - ACCOUNT_FEE);
    let kept = it.stage.balance(Account::house(Unit::Usdt)).await - house;
    assert_eq!(kept, ACCOUNT_FEE);
    it.reconciles().await;
    assert!(next.terminate().await.success());
}

#[tokio::test]
async fn a_treasury_that_dies_once_the_money_is_held_pays_once() {
    dies_paying_at("withdrawal.held").await;
}

#[tokio::test]
async fn a_treasury_that_dies_with_a_signature_that_nobody_knows_pays_once() {
    dies_paying_at("withdrawal.signed").await;
}

#[tokio::test]
async fn a_treasury_that_dies_before_it_sends_pays_once() {
    dies_paying_at("withdrawal.stored").await;
}

#[tokio::test]
async fn a_treasury_that_dies_once_it_has_sent_pays_once() {
    dies_paying_at("withdrawal.sent").await;
}

#[tokio::test]
async fn a_treasury_that_dies_once_it_is_final_pays_once() {
    dies_paying_at("withdrawal.confirmed").await;
}

#[tokio::test]
async fn a_treasury_that_dies_before_the_books_are_closed_pays_once() {
    dies_paying_at("withdrawal.booked").await;
}

#[tokio::test]
async fn a_treasury_that_dies_once_all_is_done_pays_once() {
    dies_paying_at("withdrawal.completed").await;
}

#[tokio::test]
async fn a_treasury_that_dies_while_it_credits_a_deposit_credits_it_once() {
    let it = ChainStage::new().await;
    let mut first = it.binary().start_ready().await;
    let (user, address) = it.player(Currency::Usdt).await;
    assert!(first.terminate().await.success());
    it.fund(&address, Currency::Usdt, 4 * USDT).await;
    let folder = tempfile::tempdir().unwrap();
    let marker = folder.path().join("hit");
    let armed = it
        .binary()
        .env("BATTLESBIT_FAILPOINT", "deposit.credited")
        .env("BATTLESBIT_FAILPOINT_HIT", marker.to_str().unwrap());
    let mut doomed = armed.start();
    assert!(!doomed.wait(LIMIT).await.success());
    assert!(marker.exists());
    assert_eq!(it.wallet(user, Unit::Usdt).await, (0, 0));

    let mut next = it.binary().start_ready().await;
    it.holds(user, Unit::Usdt, 4 * USDT).await;
    it.reconciles().await;
    let credited = async || it.count("deposits WHERE user_id IS NOT NULL").await == 1;
    eventually(LIMIT, credited).await;
    assert!(next.terminate().await.success());
}

#[tokio::test]
async fn a_treasury_that_dies_before_it_notes_that_a_workflow_knows_pays_once() {
    dies_paying_at("withdrawal.told").await;
}

#[tokio::test]
async fn a_treasury_that_dies_once_a_transfer_has_expired_signs_as_often_as_any() {
    dies_signing_anew_at("withdrawal.expired").await;
}

#[tokio::test]
async fn a_treasury_that_dies_with_another_signature_that_nobody_knows_signs_as_often_as_any() {
    dies_signing_anew_at("withdrawal.signed_anew").await;
}

#[tokio::test]
async fn a_treasury_that_dies_before_it_sends_another_transfer_signs_as_often_as_any() {
    dies_signing_anew_at("withdrawal.stored_anew").await;
}

#[tokio::test]
async fn a_treasury_that_dies_before_what_failed_is_given_back_gives_it_back_once() {
    dies_signing_anew_at("withdrawal.returning").await;
}

#[tokio::test]
async fn a_treasury_that_dies_once_what_failed_is_given_back_gives_it_back_once() {
    dies_signing_anew_at("withdrawal.returned").await;
}

#[tokio::test]
async fn a_treasury_that_dies_before_what_is_late_is_given_back_gives_it_back_once() {
    dies_giving_back_at("withdrawal.returning").await;
}

#[tokio::test]
async fn a_treasury_that_dies_once_what_is_late_is_given_back_gives_it_back_once() {
    dies_giving_back_at("withdrawal.returned").await;
}

#[tokio::test]
async fn a_treasury_that_dies_before_a_hold_is_free_frees_it_once() {
    dies_freeing_at("withdrawal.freeing").await;
}

#[tokio::test]
async fn a_treasury_that_dies_once_a_hold_is_free_frees_it_once() {
    dies_freeing_at("withdrawal.freed").await;
}

#[tokio::test]
async fn a_treasury_that_dies_before_a_verdict_stands_hears_it_again() {
    dies_reviewing_at("withdrawal.reviewing", reject()).await;
    dies_reviewing_at("withdrawal.reviewing", Verdict::Approve).await;
}

#[tokio::test]
async fn a_treasury_that_dies_once_a_verdict_stands_judges_once() {
    dies_reviewing_at("withdrawal.reviewed", reject()).await;
    dies_reviewing_at("withdrawal.reviewed", Verdict::Approve).await;
}
