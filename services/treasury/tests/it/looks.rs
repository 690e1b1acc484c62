//! Whose transactions are read, and that nothing is lost where they are not.

use chain::{KeyIndex, Keyring, Signature, Status};
use domain::ledger::Unit;
use domain::money::Currency;
use runtime::ids::mint;
use store::Page;
use store::chain as rows;
use testkit::eventually;
use uuid::Uuid;

use crate::chain_stage::{ChainStage, PHRASE, SOL, USDT};
use crate::stage::LIMIT;

/// The longest interval: what happens so often happens once, at the start.
const ONCE: &str = "86400000";
/// The methods of a node that tell what accounts hold, and what named one.
const BALANCES: &str = "getMultipleAccounts";
const SIGNATURES: &str = "getSignaturesForAddress";

impl ChainStage {
    /// Waits until the transactions of every account were read.
    async fn all_are_read(&self) {
        let read = async || self.count("chain_accounts WHERE paged_at IS NULL").await == 0;
        eventually(LIMIT, read).await;
    }

    /// Lets so much time pass since the transactions of every player's account were read.
    async fn were_read_before(&self, interval: &str) {
        let ago = format!(
            "UPDATE chain_accounts SET paged_at = now() - interval '{interval}'
             WHERE user_id IS NOT NULL"
        );
        self.stage.script(&ago).await;
    }

    /// Waits until so many deposits of players are noted.
    async fn notes(&self, deposits: i64) {
        let noted = async || self.deposits().await == deposits;
        eventually(LIMIT, noted).await;
    }

    async fn deposits(&self) -> i64 {
        self.count("deposits WHERE user_id IS NOT NULL").await
    }
}

#[tokio::test]
async fn accounts_to_which_nothing_came_cost_a_question_for_a_hundred() {
    let it = ChainStage::new().await;
    let treasury = it.treasury().await;
    it.reconciles().await;
    treasury.stop().await;
    let keyring = Keyring::from_phrase(PHRASE).unwrap();
    for index in 1..=250 {
        let address = keyring.address(KeyIndex::new(index).unwrap());
        let user = mint::<Uuid>();
        it.stage
            .script(&format!(
                "INSERT INTO users (id, email, nick_name)
                     VALUES ('{user}', '{user}@test', '{user}');
                 INSERT INTO chain_accounts (account, address, key_index, user_id, currency, paged_at)
                     VALUES ('{address}', '{address}', {index}, '{user}', 'SOL', now())"
            ))
            .await;
    }
    let before = (
        it.validator.asked(BALANCES).await,
        it.validator.asked(SIGNATURES).await,
    );
    let own = [
        ("chain.scan_interval_ms", ONCE),
        ("chain.sweep_interval_ms", ONCE),
        ("chain.reconcile_interval_ms", ONCE),
    ];
    let treasury = it.treasury_with(&own).await;
    let asked = async || {
        (
            it.validator.asked(BALANCES).await - before.0,
            it.validator.asked(SIGNATURES).await - before.1,
        )
    };
    // Three by the scanner and its two for the hot wallet; the reconciler asks three times for the SOL
    // in 251 accounts, and once for the USDT in one.
    let expected = (3 + 3 + 1, 2);
    let all_asked = async || {
        let (balances, signatures) = asked().await;
        balances >= expected.0 && signatures >= expected.1
    };
    eventually(LIMIT, all_asked).await;
    let all_seen = async || it.count("chain_accounts WHERE scanned_at IS NULL").await == 0;
    eventually(LIMIT, all_seen).await;
    treasury.stop().await;
    assert_eq!(asked().await, expected);
}

#[tokio::test]
async fn what_comes_in_small_parts_at_once_or_in_vain_to_a_new_account_is_credited_once() {
    let it = ChainStage::new().await;
    let treasury = it.treasury().await;
    let (user, address) = it.player(Currency::Usdt).await;
    let sol_address = it.address(user, Currency::Sol).await;
    // From here on nothing is read of an account that holds what it should.
    it.all_are_read().await;
    for _ in 0..3 {
        it.fund(&address, Currency::Usdt, 1).await;
    }
    it.promises_in_vain(&sol_address).await;
    it.notes(3).await;
    assert_eq!(it.wallet(user, Unit::Usdt).await, (0, 0));
    it.fund(&address, Currency::Usdt, USDT - 3).await;
    it.holds(user, Unit::Usdt, USDT).await;
    // The least that a new wallet can hold.
    it.fund(&sol_address, Currency::Sol, 890_880).await;
    it.fund(&sol_address, Currency::Sol, SOL).await;
    it.holds(user, Unit::Sol, SOL + 890_880).await;
    it.reconciles().await;
    assert_eq!(it.deposits().await, 6);
    treasury.stop().await;
}

#[tokio::test]
async fn as_much_as_was_just_gathered_is_credited_though_the_account_holds_what_it_held() {
    let it = ChainStage::manual().await;
    let treasury = it.treasury().await;
    let (user, address) = it.player(Currency::Usdt).await;
    it.all_are_read().await;
    it.fund(&address, Currency::Usdt, 6 * USDT).await;
    it.validator.make_slots(5).await;
    it.holds(user, Unit::Usdt, 6 * USDT).await;
    let left = async || {
        let live = rows::list_live_sweeps(&it.stage.db, Page::first(1)).await;
        let own = live.unwrap().rows.pop()?;
        let told = it.node.status(&Signature::new(own.signature)).await;
        told.unwrap().status
    };
    assert_eq!(eventually(LIMIT, left).await, Status::Pending);
    // As much comes in the slot in which it has left.
    it.fund(&address, Currency::Usdt, 6 * USDT).await;
    it.validator.make_slots(5).await;
    assert_eq!(it.on_chain(&address, Currency::Usdt).await, 6 * USDT);
    it.holds(user, Unit::Usdt, 12 * USDT).await;
    assert_eq!(it.deposits().await, 2);
    treasury.stop().await;
}

#[tokio::test]
async fn what_was_gathered_before_anybody_noted_it_is_credited() {
    let it = ChainStage::new().await;
    let treasury = it.treasury_with(&[("chain.sweep_interval_ms", ONCE)]).await;
    let (user, address) = it.player(Currency::Usdt).await;
    it.all_are_read().await;
    it.fund(&address, Currency::Usdt, 6 * USDT).await;
    it.holds(user, Unit::Usdt, 6 * USDT).await;
    treasury.stop().await;

    it.fund(&address, Currency::Usdt, 3 * USDT).await;
    let came = async || it.on_chain(&address, Currency::Usdt).await == 9 * USDT;
    eventually(LIMIT, came).await;
    it.validator.fault_of(SIGNATURES, "silence", 1_000).await;
    let treasury = it.treasury().await;
    let gathered = "chain_transactions WHERE withdrawal_id IS NULL AND status = 'FINALIZED'";
    eventually(LIMIT, async || it.count(gathered).await == 1).await;
    assert_eq!(it.on_chain(&address, Currency::Usdt).await, 0);
    assert_eq!(it.wallet(user, Unit::Usdt).await, (6 * USDT, 0));
    it.validator.fault_of(SIGNATURES, "silence", 0).await;
    it.holds(user, Unit::Usdt, 9 * USDT).await;
    it.reconciles().await;
    assert_eq!(it.deposits().await, 2);
    let left = "chain_accounts WHERE user_id IS NOT NULL AND (waiting, to_gather) <> (0, 0)";
    assert_eq!(it.count(left).await, 0);
    treasury.stop().await;
}

#[tokio::test]
async fn what_the_balance_hides_is_found_once_the_transactions_are_read_again() {
    let it = ChainStage::new().await;
    let own = [("chain.page_after_ms", "3600000")];
    let treasury = it.treasury_with(&own).await;
    let (user, address) = it.player(Currency::Usdt).await;
    it.all_are_read().await;
    treasury.stop().await;
    // While nobody looks, the books are bent: they say that it lies there already. It is less than
    // anybody gathers, so that nothing but reading the transactions shows it.
    it.stage
        .script(&format!(
            "UPDATE chain_accounts SET to_gather = {USDT} WHERE user_id = '{user}'"
        ))
        .await;
    it.fund(&address, Currency::Usdt, USDT).await;
    let came = async || it.on_chain(&address, Currency::Usdt).await == USDT;
    eventually(LIMIT, came).await;

    let treasury = it.treasury_with(&own).await;
    it.were_read_before("30 minutes").await;
    it.looks().await;
    assert_eq!(it.deposits().await, 0);
    it.were_read_before("1 hour").await;
    it.holds(user, Unit::Usdt, USDT).await;
    assert_eq!(it.deposits().await, 1);
    treasury.stop().await;
}
