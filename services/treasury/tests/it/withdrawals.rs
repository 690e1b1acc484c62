//! Who may withdraw what, and who decides.

use contracts::Code;
use contracts::commands::{ReviewWithdrawal, Verdict};
use domain::id::{UserId, WithdrawalId};
use domain::ledger::{Account, Movement, Transfer, TransferKey, Unit};
use domain::money::{Currency, Money};
use runtime::Mode;
use runtime::ids::mint;
use store::ledger;
use store::withdrawal::{self, Status, Withdrawal};
use testkit::eventually;

use crate::chain_stage::{
    ACCOUNT_FEE, ChainStage, HOT_SOL, HOT_USDT, SOL, STRANGER, USDT, hot, sol, usdt,
};
use crate::stage::{LIMIT, Stage, caller};

/// A program that has the address of a key.
const NO_WALLET: &str = "TokenzQdBNbLqP5VEhdkAS6EPFLC1PHnBqCXEpPxuEb";
/// From this much on somebody has to approve it.
const LARGE: i64 = 500 * USDT;

fn review(reviewer: UserId, withdrawal: WithdrawalId, verdict: Verdict) -> ReviewWithdrawal {
    ReviewWithdrawal {
        caller: caller(reviewer),
        withdrawal,
        verdict,
    }
}

fn reject() -> Verdict {
    Verdict::Reject {
        reason: "The account is under review.".to_owned(),
    }
}

#[tokio::test]
async fn sol_and_usdt_leave_the_wallet_and_arrive() {
    let it = ChainStage::new().await;
    let treasury = it.treasury().await;
    let user = it.rich(usdt(50 * USDT)).await;
    let one = it.withdraw(user, usdt(20 * USDT), STRANGER).await.unwrap();
    it.reaches(one, Status::Completed).await;
    assert_eq!(it.wallet(user, Unit::Usdt).await, (30 * USDT, 0));
    let arrived = 20 * USDT - ACCOUNT_FEE;
    assert_eq!(it.on_chain(STRANGER, Currency::Usdt).await, arrived);
    let hot = hot().to_string();
    assert_eq!(it.on_chain(&hot, Currency::Usdt).await, HOT_USDT - arrived);

    let user = it.rich(sol(SOL)).await;
    let other = it.withdraw(user, sol(SOL), STRANGER).await.unwrap();
    it.reaches(other, Status::Completed).await;
    assert_eq!(it.wallet(user, Unit::Sol).await, (0, 0));
    assert_eq!(it.on_chain(STRANGER, Currency::Sol).await, SOL);
    assert_eq!((it.signed(one).await, it.signed(other).await), (1, 1));
    it.reconciles().await;
    treasury.stop().await;
}

#[tokio::test]
async fn whoever_has_no_account_for_usdt_pays_for_it_once() {
    let it = ChainStage::new().await;
    let treasury = it.treasury().await;
    let user = it.rich(usdt(50 * USDT)).await;
    let house = async || it.stage.balance(Account::house(Unit::Usdt)).await;
    // What lies in the hot wallet is booked once it was seen.
    let before = HOT_USDT - 50 * USDT;
    eventually(LIMIT, async || house().await == before).await;
    let fee = async |id: WithdrawalId| {
        let of_fee = format!("withdrawals WHERE id = '{id}' AND fee = {ACCOUNT_FEE}");
        it.count(&of_fee).await == 1
    };
    let first = it.withdraw(user, usdt(20 * USDT), STRANGER).await.unwrap();
    it.reaches(first, Status::Completed).await;
    let second = it.withdraw(user, usdt(20 * USDT), STRANGER).await.unwrap();
    it.reaches(second, Status::Completed).await;
    assert_eq!((fee(first).await, fee(second).await), (true, false));
    assert_eq!(
        it.on_chain(STRANGER, Currency::Usdt).await,
        40 * USDT - ACCOUNT_FEE
    );
    assert_eq!(it.wallet(user, Unit::Usdt).await, (10 * USDT, 0));
    assert_eq!(house().await, before + ACCOUNT_FEE);
    it.reconciles().await;
    treasury.stop().await;
}

#[tokio::test]
async fn what_fails_counts_as_often_as_what_is_paid_and_takes_nothing_of_the_days_most() {
    let it = ChainStage::new().await;
    let own = [
        ("withdrawals.sol.max", "1"),
        ("withdrawals.sol.daily", "1"),
        ("withdrawals.sol.daily_count", "2"),
    ];
    let treasury = it.treasury_with(&own).await;
    let user = it.rich(sol(SOL)).await;
    let failed = it.withdraw(user, sol(SOL), NO_WALLET).await.unwrap();
    it.reaches(failed, Status::Failed).await;
    let paid = it.withdraw(user, sol(SOL / 2), STRANGER).await.unwrap();
    it.reaches(paid, Status::Completed).await;
    let again = it.withdraw(user, sol(SOL / 2), STRANGER).await;
    assert_eq!(again, Err(Code::WithdrawalLimit));
    treasury.stop().await;
}

#[tokio::test]
async fn what_cannot_be_sent_is_refused_with_its_reason() {
    let it = ChainStage::new().await;
    let treasury = it.treasury().await;
    let user = it.rich(usdt(50 * USDT)).await;
    let (_, deposit_address) = it.player(Currency::Sol).await;
    let own = it.address(user, Currency::Sol).await;
    let token_account = hot().token_account(it.mint).to_string();
    let hot = hot().to_string();
    let mint = it.mint.to_string();
    let addresses = [
        "",
        "0x52908400098527886E0F7030069857D2E4169EE7",
        "11111111111111111111111111111111",
        &token_account,
        &hot,
        &mint,
        &deposit_address,
        &own,
    ];
    for address in addresses {
        let refused = it.withdraw(user, usdt(USDT), address).await;
        assert_eq!(refused, Err(Code::InvalidAddress), "{address}");
    }
    for minor in [USDT - 1, 0, -USDT, 5_000 * USDT + 1] {
        let refused = it.withdraw(user, usdt(minor), STRANGER).await;
        assert_eq!(refused, Err(Code::InvalidAmount), "{minor}");
    }
    let more = it.withdraw(user, usdt(51 * USDT), STRANGER).await;
    assert_eq!(more, Err(Code::InsufficientBalance));
    let token = Money {
        minor: 1,
        currency: Currency::Bt,
    };
    let token = it.withdraw(user, token, STRANGER).await;
    assert_eq!(token, Err(Code::NotOnChain));
    assert_eq!(it.count("withdrawals").await, 0);
    it.reconciles().await;
    treasury.stop().await;
}

#[tokio::test]
async fn without_a_chain_nothing_leaves() {
    let stage = Stage::new().await;
    let treasury = stage.treasury_with(Mode::Development, &[]).await;
    let user = stage.user().await;
    let asked = crate::chain_stage::withdraw(user, usdt(USDT), STRANGER);
    assert_eq!(stage.ask_twice(&asked).await, Err(Code::ChainClosed));
    treasury.stop().await;
}

#[tokio::test]
async fn a_day_has_its_limits() {
    let it = ChainStage::new().await;
    let own = [
        ("withdrawals.usdt.max", "30"),
        ("withdrawals.usdt.daily", "30"),
        ("withdrawals.usdt.daily_count", "3"),
    ];
    let treasury = it.treasury_with(&own).await;
    let user = it.rich(usdt(100 * USDT)).await;
    let first = it.withdraw(user, usdt(20 * USDT), STRANGER).await.unwrap();
    let more = it.withdraw(user, usdt(11 * USDT), STRANGER).await;
    assert_eq!(more, Err(Code::WithdrawalLimit));
    for _ in 0..2 {
        it.withdraw(user, usdt(USDT), STRANGER).await.unwrap();
    }
    let again = it.withdraw(user, usdt(USDT), STRANGER).await;
    assert_eq!(again, Err(Code::WithdrawalLimit));
    let other = it.rich(usdt(100 * USDT)).await;
    it.withdraw(other, usdt(USDT), STRANGER).await.unwrap();
    it.reaches(first, Status::Completed).await;
    treasury.stop().await;
}

#[tokio::test]
async fn a_large_withdrawal_waits_until_somebody_else_approves_it() {
    let it = ChainStage::new().await;
    let treasury = it.treasury().await;
    let (user, reviewer) = (it.rich(usdt(LARGE)).await, it.stage.user().await);
    let id = it.withdraw(user, usdt(LARGE), STRANGER).await.unwrap();
    assert_eq!(it.status(id).await, Status::InReview);
    assert_eq!(it.wallet(user, Unit::Usdt).await, (LARGE, LARGE));
    let own = it
        .stage
        .ask_twice(&review(user, id, Verdict::Approve))
        .await;
    assert_eq!(own, Err(Code::OwnWithdrawal));
    assert_eq!(it.signed(id).await, 0);
    let approved = it
        .stage
        .ask_twice(&review(reviewer, id, Verdict::Approve))
        .await;
    assert_eq!(approved, Ok(id));
    it.reaches(id, Status::Completed).await;
    assert_eq!(
        it.on_chain(STRANGER, Currency::Usdt).await,
        LARGE - ACCOUNT_FEE
    );
    let late = it.stage.ask_twice(&review(reviewer, id, reject())).await;
    assert_eq!(late, Err(Code::WithdrawalNotInReview));
    it.reconciles().await;
    treasury.stop().await;
}

#[tokio::test]
async fn what_is_rejected_or_not_decided_in_time_is_the_players_again() {
    let it = ChainStage::new().await;
    let own = [("withdrawals.expires_after_ms", "2000")];
    let treasury = it.treasury_with(&own).await;
    let (user, reviewer) = (it.rich(usdt(2 * LARGE)).await, it.stage.user().await);
    let rejected = it.withdraw(user, usdt(LARGE), STRANGER).await.unwrap();
    let answer = it
        .stage
        .ask_twice(&review(reviewer, rejected, reject()))
        .await;
    assert_eq!(answer, Ok(rejected));
    assert_eq!(it.status(rejected).await, Status::Rejected);
    let forgotten = it.withdraw(user, usdt(LARGE), STRANGER).await.unwrap();
    it.reaches(forgotten, Status::Rejected).await;
    let late = it
        .stage
        .ask(&review(reviewer, forgotten, Verdict::Approve))
        .await;
    assert_eq!(late, Err(Code::WithdrawalNotInReview));
    let unknown = mint();
    let unknown = it
        .stage
        .ask(&review(reviewer, unknown, Verdict::Approve))
        .await;
    assert_eq!(unknown, Err(Code::WithdrawalNotFound));
    it.holds(user, Unit::Usdt, 2 * LARGE).await;
    assert_eq!(it.on_chain(STRANGER, Currency::Usdt).await, 0);
    it.reconciles().await;
    assert_eq!(
        it.stage.balance(Account::outside(Unit::Usdt)).await,
        -HOT_USDT
    );
    treasury.stop().await;
}

#[tokio::test]
async fn what_would_go_to_no_wallet_is_the_players_again() {
    let it = ChainStage::new().await;
    let treasury = it.treasury().await;
    let user = it.rich(sol(SOL)).await;
    let id = it.withdraw(user, sol(SOL), NO_WALLET).await.unwrap();
    it.reaches(id, Status::Failed).await;
    assert_eq!(it.signed(id).await, 0);
    assert_eq!(it.wallet(user, Unit::Sol).await, (SOL, 0));
    it.reconciles().await;
    treasury.stop().await;
}

#[tokio::test]
async fn what_no_workflow_sees_to_is_paid_all_the_same() {
    let it = ChainStage::new().await;
    let user = it.rich(sol(2 * SOL)).await;
    let id = it.untended(user, sol(SOL)).await;
    // Whoever starts looks first.
    let treasury = it.treasury().await;
    let arrived = async || it.on_chain(STRANGER, Currency::Sol).await == SOL;
    eventually(LIMIT, arrived).await;
    assert_eq!(it.status(id).await, Status::Sending);
    treasury.stop().await;
    it.forget_workflows().await;
    let treasury = it.treasury().await;
    it.reaches(id, Status::Completed).await;
    assert_eq!(
        (it.signed(id).await, it.wallet(user, Unit::Sol).await),
        (1, (SOL, 0))
    );
    it.reconciles().await;
    treasury.stop().await;
}

#[tokio::test]
async fn what_cannot_be_paid_keeps_nobody_else_waiting() {
    // As many as are looked at in one round.
    const STUCK: i64 = 100;
    let it = ChainStage::poor().await;
    it.fund(&hot().to_string(), Currency::Sol, HOT_SOL).await;
    let user = it.rich(usdt(STUCK * USDT)).await;
    for _ in 0..STUCK {
        it.untended(user, usdt(USDT)).await;
    }
    let older = "UPDATE withdrawals SET updated_at = now() - interval '2 hours'";
    it.stage.script(older).await;
    let user = it.rich(sol(SOL)).await;
    let id = it.approved(user, sol(SOL)).await;
    let younger = format!(
        "UPDATE withdrawals SET told_status = status, updated_at = now() - interval '1 hour'
         WHERE id = '{id}'"
    );
    it.stage.script(&younger).await;
    let tried = async || it.count("withdrawals WHERE tried_at IS NOT NULL").await;
    // Whoever starts looks first, at those to which nothing happened for longest.
    let treasury = it.treasury().await;
    eventually(LIMIT, async || tried().await == STUCK).await;
    treasury.stop().await;
    assert_eq!(it.status(id).await, Status::Approved);
    let treasury = it.treasury().await;
    it.reaches(id, Status::Sending).await;
    treasury.stop().await;
}

impl ChainStage {
    /// A withdrawal that was approved an hour ago and whose workflow is lost.
    pub(crate) async fn untended(&self, user: UserId, amount: Money) -> WithdrawalId {
        let id = self.approved(user, amount).await;
        self.forget_workflows().await;
        id
    }

    /// A withdrawal that may be signed, and whose workflow does not know of it yet.
    pub(crate) async fn approved(&self, user: UserId, amount: Money) -> WithdrawalId {
        let id: WithdrawalId = mint();
        let tx = self.stage.db.begin().await.unwrap();
        let new = Withdrawal {
            id,
            user,
            amount,
            address: STRANGER.to_owned(),
            status: Status::Approved,
            expires_at: withdrawal::now(&tx).await.unwrap().plus_ms(3_600_000),
        };
        let hold = Transfer {
            key: TransferKey::new(format!("withdrawal/{id}/hold")),
            kind: "withdrawal",
            reference: id.uuid(),
            movement: Movement::Hold {
                debit: Account::user(user, amount.unit()),
                amount: amount.minor,
                expires_at: Some(new.expires_at),
            },
        };
        ledger::post(&tx, &[hold]).await.unwrap().unwrap();
        withdrawal::insert(&tx, &new).await.unwrap();
        tx.commit().await.unwrap();
        id
    }

    /// Lets it be an hour since anything happened to any withdrawal, and lets workflows know of all.
    async fn forget_workflows(&self) {
        let old =
            "UPDATE withdrawals SET told_status = status, updated_at = now() - interval '1 hour'";
        self.stage.script(old).await;
    }
}
