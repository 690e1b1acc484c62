//! Withdrawals on a chain and through a node at their worst: the money leaves once or not at all.

use ::chain::{Coin, KeyIndex, Keyring, Signature, Status as OnChain, Transfer};
use domain::ledger::Unit;
use domain::money::Currency;
use store::chain;
use store::withdrawal::{self, Status};
use testkit::{Process, eventually};

use crate::chain_stage::{
    ACCOUNT_FEE, ChainStage, DROP_ALL, HOT_SOL, HOT_USDT, PHRASE, SOL, STRANGER, USDT, hot, sol,
    usdt,
};
use crate::stage::LIMIT;

/// Slots after which nothing takes what was signed before them.
const FORGOTTEN: u32 = 2_000;
/// What a new token account costs, in lamports.
const RENT: i64 = 2_039_280;
/// A wallet that is none of ours either.
const OTHER_STRANGER: &str = "9WzDXwBbmkg8ZTbNMqUxvQRAyrZzDsGYdLVL9zYtAWWM";

#[tokio::test]
async fn what_is_dropped_is_sent_again_under_the_same_signature() {
    let it = ChainStage::patient().await;
    let treasury = it.treasury().await;
    let user = it.rich(sol(SOL)).await;
    it.validator.fault("drop", 1).await;
    it.validator.fault_of("sendTransaction", "silence", 1).await;
    it.validator
        .fault_of("getSignatureStatuses", "busy", 2)
        .await;
    let id = it.withdraw(user, sol(SOL), STRANGER).await.unwrap();
    it.reaches(id, Status::Completed).await;
    assert_eq!(it.signed(id).await, 1);
    assert_eq!(it.on_chain(STRANGER, Currency::Sol).await, SOL);
    it.reconciles().await;
    it.faults_are_over().await;
    treasury.stop().await;
}

#[tokio::test]
async fn nothing_new_is_signed_before_the_old_is_proven_never_to_happen() {
    let it = ChainStage::new().await;
    let treasury = it.treasury().await;
    let user = it.rich(usdt(10 * USDT)).await;
    it.validator.fault("drop", DROP_ALL).await;
    let id = it.withdraw(user, usdt(10 * USDT), STRANGER).await.unwrap();
    eventually(LIMIT, async || it.signed(id).await == 2).await;
    let live = "chain_transactions WHERE status = 'LIVE'";
    assert!(it.count(live).await <= 1);
    it.drops_no_more().await;
    it.reaches(id, Status::Completed).await;
    assert_eq!(
        it.on_chain(STRANGER, Currency::Usdt).await,
        10 * USDT - ACCOUNT_FEE
    );
    let finalized = "chain_transactions WHERE status = 'FINALIZED' AND withdrawal_id IS NOT NULL";
    assert_eq!(it.count(finalized).await, 1);
    it.reconciles().await;
    treasury.stop().await;
}

#[tokio::test]
async fn what_the_chain_never_takes_is_the_players_again() {
    let it = ChainStage::new().await;
    let treasury = it.treasury().await;
    let user = it.rich(sol(SOL)).await;
    it.validator.fault("drop", DROP_ALL).await;
    let id = it.withdraw(user, sol(SOL), STRANGER).await.unwrap();
    it.reaches(id, Status::Failed).await;
    assert_eq!(it.signed(id).await, 3);
    assert_eq!(it.wallet(user, Unit::Sol).await, (SOL, 0));
    it.drops_no_more().await;
    assert_eq!(it.on_chain(STRANGER, Currency::Sol).await, 0);
    it.reconciles().await;
    treasury.stop().await;
}

#[tokio::test]
async fn a_transfer_whose_block_is_taken_back_is_sent_again_and_paid_once() {
    let it = ChainStage::manual().await;
    let treasury = it.treasury().await;
    let user = it.rich(sol(SOL)).await;
    let id = it.withdraw(user, sol(SOL), STRANGER).await.unwrap();
    let dropped = async || it.validator.roll_back().await == 1;
    eventually(LIMIT, dropped).await;
    let sent_again = async || {
        let own = chain::find_live(&it.stage.db, id).await.unwrap()?;
        let told = it.node.status(&Signature::new(own.signature)).await;
        (told.unwrap().status == Some(OnChain::Pending)).then_some(())
    };
    eventually(LIMIT, sent_again).await;
    let ends = async || {
        it.validator.make_slots(1).await;
        it.status(id).await == Status::Completed
    };
    eventually(LIMIT, ends).await;
    assert_eq!(it.on_chain(STRANGER, Currency::Sol).await, SOL);
    assert_eq!(it.signed(id).await, 1);
    it.reconciles().await;
    treasury.stop().await;
}

#[tokio::test]
async fn what_a_node_has_forgotten_may_have_happened_and_is_not_paid_again() {
    let it = ChainStage::manual().await;
    let treasury = it.treasury().await;
    let user = it.rich(sol(2 * SOL)).await;
    let id = it.withdraw(user, sol(SOL), STRANGER).await.unwrap();
    let landed = async || {
        let own = chain::find_live(&it.stage.db, id).await.unwrap()?;
        let told = it.node.status(&Signature::new(own.signature)).await;
        told.unwrap().status
    };
    eventually(LIMIT, landed).await;
    treasury.stop().await;
    // Nobody looks until it is too late to be sent, and nobody knows any more that it was.
    it.validator.make_slots(FORGOTTEN).await;
    it.validator.fault("forget", 1_900).await;
    assert_eq!(landed().await, None);
    let treasury = it.treasury().await;
    let other = it.withdraw(user, sol(SOL), STRANGER).await.unwrap();
    let ends = async || {
        it.validator.make_slots(1).await;
        it.status(other).await == Status::Completed
    };
    eventually(LIMIT, ends).await;
    assert_eq!(
        (it.signed(id).await, it.status(id).await),
        (1, Status::Sending)
    );
    it.validator.fault("forget", 0).await;
    it.reaches(id, Status::Completed).await;
    assert_eq!(it.on_chain(STRANGER, Currency::Sol).await, 2 * SOL);
    it.reconciles().await;
    it.faults_are_over().await;
    treasury.stop().await;
}

#[tokio::test]
async fn a_node_that_lags_and_stale_blockhashes_only_delay_a_payment() {
    let it = ChainStage::new().await;
    let treasury = it.treasury().await;
    let user = it.rich(sol(SOL)).await;
    it.validator.fault("stale_blockhash", 1).await;
    let id = it.withdraw(user, sol(SOL), STRANGER).await.unwrap();
    eventually(LIMIT, async || it.signed(id).await == 2).await;
    it.validator.fault("lag", 30).await;
    it.reaches(id, Status::Completed).await;
    it.validator.fault("lag", 0).await;
    assert_eq!(it.on_chain(STRANGER, Currency::Sol).await, SOL);
    it.reconciles().await;
    it.faults_are_over().await;
    treasury.stop().await;
}

#[tokio::test]
async fn what_is_answered_and_happens_later_than_anybody_waits_is_paid_once() {
    let it = ChainStage::manual().await;
    let treasury = it.treasury().await;
    let user = it.rich(sol(SOL)).await;
    // What is sent is taken, and neither answered in time nor in a block before its time is almost over.
    it.validator.fault("delay", 40).await;
    it.validator.fault_of("sendTransaction", "silence", 2).await;
    let id = it.withdraw(user, sol(SOL), STRANGER).await.unwrap();
    let sent = async || it.validator.asked("sendTransaction").await >= 3;
    eventually(LIMIT, sent).await;
    assert_eq!(
        (
            it.signed(id).await,
            it.on_chain(STRANGER, Currency::Sol).await
        ),
        (1, 0)
    );
    // That it has happened is answered too late as well.
    for method in ["getSignatureStatuses", "getTransaction", "getEpochInfo"] {
        it.validator.fault_of(method, "silence", 1).await;
    }
    let ends = async || {
        it.validator.make_slots(1).await;
        it.status(id).await == Status::Completed
    };
    eventually(LIMIT, ends).await;
    // Every copy that was on its way has had its time.
    it.validator.make_slots(100).await;
    it.validator.fault("delay", 0).await;
    assert_eq!(it.on_chain(STRANGER, Currency::Sol).await, SOL);
    assert_eq!(it.signed(id).await, 1);
    it.reconciles().await;
    it.faults_are_over().await;
    treasury.stop().await;
}

#[tokio::test]
async fn what_would_happen_only_when_nothing_takes_it_any_more_is_the_players_again() {
    let it = ChainStage::new().await;
    let treasury = it.treasury().await;
    let user = it.rich(sol(SOL)).await;
    it.validator.fault("delay", 70).await;
    it.validator.fault_of("sendTransaction", "silence", 1).await;
    let id = it.withdraw(user, sol(SOL), STRANGER).await.unwrap();
    it.reaches(id, Status::Failed).await;
    it.validator.fault("delay", 0).await;
    it.validator.make_slots(100).await;
    assert_eq!(it.signed(id).await, 3);
    assert_eq!(it.on_chain(STRANGER, Currency::Sol).await, 0);
    assert_eq!(it.wallet(user, Unit::Sol).await, (SOL, 0));
    it.reconciles().await;
    it.faults_are_over().await;
    treasury.stop().await;
}

#[tokio::test]
async fn a_hot_wallet_without_money_pays_once_it_has_some_or_gives_up_in_time() {
    let it = ChainStage::poor().await;
    let treasury = it.treasury().await;
    let user = it.rich(usdt(10 * USDT)).await;
    let paid = it.withdraw(user, usdt(4 * USDT), STRANGER).await.unwrap();
    let own = [("withdrawals.expires_after_ms", "1000")];
    treasury.stop().await;
    let treasury = it.treasury_with(&own).await;
    let given_up = it.withdraw(user, usdt(4 * USDT), STRANGER).await.unwrap();
    it.reaches(given_up, Status::Failed).await;
    assert_eq!(it.status(paid).await, Status::Approved);
    assert_eq!(it.wallet(user, Unit::Usdt).await, (10 * USDT, 4 * USDT));
    it.fund_hot(HOT_SOL, HOT_USDT).await;
    it.reaches(paid, Status::Completed).await;
    assert_eq!(
        it.on_chain(STRANGER, Currency::Usdt).await,
        4 * USDT - ACCOUNT_FEE
    );
    it.reconciles().await;
    treasury.stop().await;
}

#[tokio::test]
async fn what_no_longer_pays_for_the_account_that_is_lacking_is_the_players_again() {
    let it = ChainStage::poor().await;
    let treasury = it.treasury().await;
    let user = it.rich(usdt(4 * USDT)).await;
    let id = it.withdraw(user, usdt(4 * USDT), STRANGER).await.unwrap();
    treasury.stop().await;
    it.fund_hot(HOT_SOL, HOT_USDT).await;
    let dearer = [
        ("withdrawals.token_account_fee", "4"),
        ("withdrawals.usdt.min", "5"),
    ];
    let treasury = it.treasury_with(&dearer).await;
    it.reaches(id, Status::Failed).await;
    assert_eq!(it.signed(id).await, 0);
    assert_eq!(it.wallet(user, Unit::Usdt).await, (4 * USDT, 0));
    it.reconciles().await;
    treasury.stop().await;
}

#[tokio::test]
async fn what_one_node_knows_and_another_does_not_is_not_paid_again() {
    let it = ChainStage::manual().await;
    let treasury = it.treasury().await;
    let user = it.rich(sol(SOL)).await;
    let id = it.withdraw(user, sol(SOL), STRANGER).await.unwrap();
    let landed = async || {
        let own = chain::find_live(&it.stage.db, id).await.unwrap()?;
        let told = it.node.status(&Signature::new(own.signature)).await;
        told.unwrap().status
    };
    eventually(LIMIT, landed).await;
    treasury.stop().await;
    // Behind one address there are nodes that have come far, and some that have not.
    for method in ["getSignatureStatuses", "getTransaction"] {
        let slots = u64::from(FORGOTTEN);
        it.validator.fault_of(method, "lag", slots).await;
    }
    it.validator.make_slots(FORGOTTEN - 100).await;
    let mut process = it.binary().start_ready().await;
    let unproven = async || {
        let page = process.metrics().await;
        let none = "treasury_absence_unproven_total 0";
        !page.lines().any(|line| line == none)
    };
    eventually(LIMIT, unproven).await;
    assert_eq!(it.signed(id).await, 1);
    for method in ["getSignatureStatuses", "getTransaction"] {
        it.validator.fault_of(method, "lag", 0).await;
    }
    it.reaches(id, Status::Completed).await;
    assert_eq!(it.on_chain(STRANGER, Currency::Sol).await, SOL);
    it.reconciles().await;
    it.faults_are_over().await;
    assert!(process.terminate().await.success());
}

#[tokio::test]
async fn no_more_is_signed_than_the_hot_wallet_can_pay() {
    let it = ChainStage::patient_with(100 * USDT).await;
    let mut process = it.binary().start_ready().await;
    // Whatever is signed may still happen, and does not.
    it.validator.fault("drop", DROP_ALL).await;
    let mut asked = Vec::new();
    for _ in 0..5 {
        let user = it.rich(usdt(50 * USDT)).await;
        let id = it.withdraw(user, usdt(50 * USDT), STRANGER).await;
        asked.push(id.unwrap());
    }
    let judged = async || {
        short(&process).await >= 3 && it.count("withdrawals WHERE status = 'SENDING'").await == 2
    };
    eventually(LIMIT, judged).await;
    it.drops_no_more().await;
    it.fund_hot(HOT_SOL, 150 * USDT).await;
    for id in asked {
        it.reaches(id, Status::Completed).await;
        assert_eq!(it.signed(id).await, 1);
    }
    it.reconciles().await;
    assert!(process.terminate().await.success());
}

#[tokio::test]
async fn what_has_left_while_another_payment_was_signed_is_not_there_for_it() {
    let it = ChainStage::patient_with(100 * USDT).await;
    let mut process = it.binary().start_ready().await;
    let players = [
        it.rich(usdt(60 * USDT)).await,
        it.rich(usdt(60 * USDT)).await,
    ];
    it.validator.fault("drop", DROP_ALL).await;
    let first = it.withdraw(players[0], usdt(60 * USDT), STRANGER).await;
    let first = first.unwrap();
    it.reaches(first, Status::Sending).await;
    // The next one knows what the wallet holds, and waits for the right to promise of it.
    let tx = it.stage.db.begin().await.unwrap();
    let now = withdrawal::now(&tx).await.unwrap();
    chain::lock_promised(&tx, now).await.unwrap();
    let second = it.withdraw(players[1], usdt(60 * USDT), STRANGER).await;
    let second = second.unwrap();
    let waits = "pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'
         AND query LIKE '%FROM chain_accounts%FOR NO KEY UPDATE%'";
    eventually(LIMIT, async || it.count(waits).await > 0).await;
    it.drops_no_more().await;
    it.reaches(first, Status::Completed).await;
    tx.rollback().await.unwrap();
    eventually(LIMIT, async || short(&process).await > 0).await;
    assert_eq!(it.signed(second).await, 0);
    it.fund_hot(HOT_SOL, 60 * USDT).await;
    it.reaches(second, Status::Completed).await;
    it.reconciles().await;
    assert!(process.terminate().await.success());
}

#[tokio::test]
async fn every_account_that_is_opened_is_paid_with_rent_that_is_there() {
    let it = ChainStage::patient_with_both(RENT * 2, HOT_USDT).await;
    let mut process = it.binary().start_ready().await;
    it.validator.fault("drop", DROP_ALL).await;
    let mut asked = Vec::new();
    for wallet in [STRANGER, OTHER_STRANGER] {
        let user = it.rich(usdt(10 * USDT)).await;
        let id = it.withdraw(user, usdt(10 * USDT), wallet).await;
        asked.push(id.unwrap());
    }
    let judged = async || {
        short(&process).await > 0 && it.count("withdrawals WHERE status = 'SENDING'").await == 1
    };
    eventually(LIMIT, judged).await;
    let opening = "chain_transactions WHERE opens_account AND status = 'LIVE'";
    assert_eq!(it.count(opening).await, 1);
    it.drops_no_more().await;
    it.fund(&hot().to_string(), Currency::Sol, 2 * RENT).await;
    for id in asked {
        it.reaches(id, Status::Completed).await;
        assert_eq!(it.signed(id).await, 1);
    }
    it.reconciles().await;
    assert!(process.terminate().await.success());
}

/// How often the hot wallet was short, as a treasury tells.
async fn short(process: &Process) -> u32 {
    let page = process.metrics().await;
    let short = page
        .lines()
        .find_map(|line| line.strip_prefix("treasury_hot_wallet_short_total "));
    short.unwrap().parse().unwrap()
}

#[tokio::test]
async fn what_was_sent_in_vain_and_cannot_be_paid_in_time_is_the_players_again() {
    let it = ChainStage::new().await;
    let own = [("withdrawals.expires_after_ms", "5000")];
    let treasury = it.treasury_with(&own).await;
    let user = it.rich(usdt(10 * USDT)).await;
    it.validator.fault("drop", DROP_ALL).await;
    let id = it.withdraw(user, usdt(10 * USDT), STRANGER).await.unwrap();
    it.drops_one().await;
    treasury.stop().await;
    it.drops_no_more().await;
    // Somebody else takes what it would be paid with.
    let keyring = Keyring::from_phrase(PHRASE).unwrap();
    let all = u64::try_from(HOT_USDT).unwrap();
    let taken = Transfer {
        coin: Coin::Token {
            mint: it.mint,
            decimals: 6,
        },
        from: KeyIndex::HOT,
        to: STRANGER.parse().unwrap(),
        opens_account: true,
        amount: all,
        payer: KeyIndex::HOT,
    };
    let blockhash = it.node.latest_blockhash().await.unwrap();
    let taken = keyring.sign(&taken, &blockhash.blockhash).unwrap();
    it.node.send(&taken.bytes).await.unwrap();
    let gone = async || it.on_chain(&hot().to_string(), Currency::Usdt).await == 0;
    eventually(LIMIT, gone).await;
    let treasury = it.treasury_with(&own).await;
    it.reaches(id, Status::Failed).await;
    assert_eq!(it.wallet(user, Unit::Usdt).await, (10 * USDT, 0));
    assert_eq!(it.on_chain(STRANGER, Currency::Usdt).await, HOT_USDT);
    treasury.stop().await;
}
