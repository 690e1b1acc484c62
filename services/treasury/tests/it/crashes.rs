//! A treasury that dies at some step of a deposit or a withdrawal, and the next one that goes on.

use std::time::Duration;

use domain::ledger::{Account, Unit};
use domain::money::Currency;
use store::withdrawal::Status;
use testkit::eventually;

use crate::chain_stage::{ACCOUNT_FEE, ChainStage, SOL, STRANGER, USDT, sol, usdt, withdraw};
use crate::stage::LIMIT;

/// How long an answer is waited for.
const ANSWER: Duration = Duration::from_secs(2);

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
