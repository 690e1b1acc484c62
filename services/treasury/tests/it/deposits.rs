//! What comes in on the chain is credited once, when nothing can take it back, and gathered.

use chain::{Coin, KeyIndex, Keyring, Transfer};
use contracts::Key;
use contracts::treasury::Posted;
use domain::ledger::{Account, Unit};
use domain::money::Currency;
use runtime::ids::mint;
use serde_json::json;
use testkit::eventually;

use crate::chain_stage::{ChainStage, HOT_USDT, PHRASE, SOL, USDT, hot, usdt};
use crate::stage::LIMIT;

#[tokio::test]
async fn sol_and_usdt_are_credited_once_and_gathered_in_the_hot_wallet() {
    let it = ChainStage::new().await;
    let treasury = it.treasury().await;
    let (user, sol_address) = it.player(Currency::Sol).await;
    let usdt_address = it.address(user, Currency::Usdt).await;
    assert_ne!(sol_address, usdt_address);
    it.fund(&sol_address, Currency::Sol, 2 * SOL).await;
    it.fund(&usdt_address, Currency::Usdt, 30 * USDT).await;
    it.fund(&usdt_address, Currency::Usdt, 12 * USDT).await;
    it.holds(user, Unit::Sol, 2 * SOL).await;
    it.holds(user, Unit::Usdt, 42 * USDT).await;

    let gathered = async || {
        it.on_chain(&sol_address, Currency::Sol).await == 0
            && it.on_chain(&usdt_address, Currency::Usdt).await == 0
    };
    eventually(LIMIT, gathered).await;
    let hot = hot().to_string();
    assert_eq!(
        it.on_chain(&hot, Currency::Usdt).await,
        HOT_USDT + 42 * USDT
    );
    it.reconciles().await;
    assert_eq!(it.count("deposits WHERE user_id IS NOT NULL").await, 3);
    assert_eq!(it.wallet(user, Unit::Usdt).await, (42 * USDT, 0));
    let house = it.stage.balance(Account::house(Unit::Sol)).await;
    assert!(
        house < crate::chain_stage::HOT_SOL,
        "the house pays the fees"
    );
    let last = it.stage.bus.last::<Posted>(&Key::from(user)).await;
    assert_eq!(last.unwrap().unwrap().message.kind, "deposit");
    treasury.stop().await;
}

#[tokio::test]
async fn what_is_not_worth_its_cost_is_credited_and_stays_where_it_is() {
    let it = ChainStage::new().await;
    let treasury = it.treasury().await;
    let (small, small_address) = it.player(Currency::Usdt).await;
    let (large, large_address) = it.player(Currency::Usdt).await;
    it.fund(&small_address, Currency::Usdt, 5 * USDT - 1).await;
    it.holds(small, Unit::Usdt, 5 * USDT - 1).await;
    it.fund(&large_address, Currency::Usdt, 5 * USDT).await;
    it.holds(large, Unit::Usdt, 5 * USDT).await;
    let gathered = async || it.on_chain(&large_address, Currency::Usdt).await == 0;
    eventually(LIMIT, gathered).await;
    assert_eq!(
        it.on_chain(&small_address, Currency::Usdt).await,
        5 * USDT - 1
    );
    it.reconciles().await;
    treasury.stop().await;
}

#[tokio::test]
async fn what_is_too_little_waits_until_enough_has_come_and_is_credited_with_it() {
    let it = ChainStage::new().await;
    let treasury = it.treasury().await;
    let (user, address) = it.player(Currency::Usdt).await;
    let house = || it.stage.balance(Account::house(Unit::Sol));
    let noted = async |count: i64| {
        let noted = async || it.count("deposits WHERE user_id IS NOT NULL").await == count;
        eventually(LIMIT, noted).await;
    };
    it.fund(&address, Currency::Usdt, USDT / 2).await;
    noted(1).await;
    it.fund(&address, Currency::Usdt, USDT / 2 - 1).await;
    noted(2).await;
    assert_eq!(it.wallet(user, Unit::Usdt).await, (0, 0));
    let told = it.stage.bus.last::<Posted>(&Key::from(user)).await;
    assert!(told.unwrap().is_none());
    // It is there, and the books say so.
    it.reconciles().await;
    let before = house().await;
    treasury.stop().await;

    let (one, other) = (it.binary(), it.binary());
    let (mut one, mut other) = tokio::join!(one.start_ready(), other.start_ready());
    it.fund(&address, Currency::Usdt, 1).await;
    it.holds(user, Unit::Usdt, USDT).await;
    it.fund(&address, Currency::Usdt, USDT / 4).await;
    noted(4).await;
    assert_eq!(it.wallet(user, Unit::Usdt).await, (USDT, 0));
    it.fund(&address, Currency::Usdt, 4 * USDT).await;
    it.holds(user, Unit::Usdt, 5 * USDT + USDT / 4).await;
    let gathered = async || it.on_chain(&address, Currency::Usdt).await == 0;
    eventually(LIMIT, gathered).await;
    let paid = async || house().await < before;
    eventually(LIMIT, paid).await;
    let gathered_once = "chain_transactions WHERE withdrawal_id IS NULL";
    assert_eq!(it.count(gathered_once).await, 1);
    it.reconciles().await;
    let left = "chain_accounts WHERE user_id IS NOT NULL AND (waiting, to_gather) <> (0, 0)";
    assert_eq!(it.count(left).await, 0);
    assert!(one.terminate().await.success());
    assert!(other.terminate().await.success());
}

#[tokio::test]
async fn accounts_that_cannot_be_looked_at_or_emptied_hold_up_no_other() {
    let it = ChainStage::new().await;
    let own = [("chain.scan_accounts", "1")];
    let treasury = it.treasury_with(&own).await;
    let (user, address) = it.player(Currency::Usdt).await;
    let (_, broken) = it.player(Currency::Sol).await;
    let account: chain::Address = address.parse().unwrap();
    let last = account.token_account(it.mint).to_string();
    // More than are emptied in one round, all of them in front of it, and nothing is there.
    let keyring = Keyring::from_phrase(PHRASE).unwrap();
    let addresses = (1_000..).map(|index| {
        let index = KeyIndex::new(index).unwrap();
        (index.number(), keyring.address(index).to_string())
    });
    let before = addresses.filter(|(_, address)| *address < last).take(150);
    for (key, address) in before {
        let empty = it.stage.user().await;
        it.stage
            .script(&format!(
                "INSERT INTO chain_accounts (account, address, key_index, user_id, currency,
                     scanned_at, tried_at, to_gather)
                 VALUES ('{address}', '{address}', {key}, '{empty}', 'SOL', now(),
                     now() + interval '1 hour', {SOL})"
            ))
            .await;
    }
    // What comes first is nobody's account.
    it.stage
        .script(&format!(
            "UPDATE chain_accounts SET account = '0', tried_at = NULL WHERE address = '{broken}'"
        ))
        .await;
    it.fund(&address, Currency::Usdt, 6 * USDT).await;
    it.holds(user, Unit::Usdt, 6 * USDT).await;
    let gathered = async || it.on_chain(&address, Currency::Usdt).await == 0;
    eventually(LIMIT, gathered).await;
    treasury.stop().await;
}

#[tokio::test]
async fn nothing_is_credited_before_it_is_final_or_after_it_was_taken_back() {
    let it = ChainStage::manual().await;
    let treasury = it.treasury().await;
    let (user, address) = it.player(Currency::Usdt).await;
    let (other, other_address) = it.player(Currency::Usdt).await;
    it.fund(&address, Currency::Usdt, 7 * USDT).await;
    it.validator.make_slots(3).await;
    it.looks().await;
    assert_eq!(it.wallet(user, Unit::Usdt).await, (0, 0));
    assert_eq!(it.validator.roll_back().await, 1);
    it.validator.make_slots(5).await;
    it.fund(&other_address, Currency::Usdt, USDT).await;
    it.validator.make_slots(5).await;
    it.holds(other, Unit::Usdt, USDT).await;
    assert_eq!(it.wallet(user, Unit::Usdt).await, (0, 0));

    it.fund(&address, Currency::Usdt, 8 * USDT).await;
    it.validator.make_slots(5).await;
    let credited = async || it.wallet(user, Unit::Usdt).await == (8 * USDT, 0);
    eventually(LIMIT, credited).await;
    treasury.stop().await;
}

#[tokio::test]
async fn a_failed_transaction_credits_nothing() {
    let it = ChainStage::new().await;
    let treasury = it.treasury().await;
    let (user, address) = it.player(Currency::Sol).await;
    it.promises_in_vain(&address).await;
    it.fund(&address, Currency::Sol, SOL).await;
    it.holds(user, Unit::Sol, SOL).await;
    assert_eq!(it.count("deposits WHERE user_id IS NOT NULL").await, 1);
    it.reconciles().await;
    treasury.stop().await;
}

#[tokio::test]
async fn what_came_while_nobody_looked_is_found_page_by_page_at_a_bad_node() {
    let it = ChainStage::new().await;
    let treasury = it.treasury().await;
    let (user, address) = it.player(Currency::Usdt).await;
    it.fund(&address, Currency::Usdt, USDT).await;
    it.holds(user, Unit::Usdt, USDT).await;
    treasury.stop().await;

    for _ in 0..10 {
        it.fund(&address, Currency::Usdt, USDT / 10).await;
    }
    it.validator.fault_of("getTransaction", "busy", 3).await;
    it.validator
        .fault_of("getSignaturesForAddress", "duplicate", 6)
        .await;
    it.validator
        .fault_of("getSignaturesForAddress", "silence", 1)
        .await;
    let treasury = it.treasury_with(&[("chain.scan_page", "3")]).await;
    it.holds(user, Unit::Usdt, 2 * USDT).await;
    it.reconciles().await;
    assert_eq!(it.count("deposits WHERE user_id IS NOT NULL").await, 11);
    it.faults_are_over().await;
    treasury.stop().await;
}

#[tokio::test]
async fn a_node_that_lags_costs_nobody_a_deposit() {
    let it = ChainStage::new().await;
    let treasury = it.treasury().await;
    let (user, address) = it.player(Currency::Sol).await;
    it.fund(&address, Currency::Sol, SOL).await;
    it.holds(user, Unit::Sol, SOL).await;
    it.validator.fault("lag", 30).await;
    it.fund(&address, Currency::Sol, SOL).await;
    it.holds(user, Unit::Sol, 2 * SOL).await;
    it.validator.fault("lag", 0).await;
    it.reconciles().await;
    it.faults_are_over().await;
    treasury.stop().await;
}

#[tokio::test]
async fn two_treasuries_credit_and_gather_everything_once() {
    let it = ChainStage::new().await;
    let (one, other) = (it.binary(), it.binary());
    let (mut one, mut other) = tokio::join!(one.start_ready(), other.start_ready());
    let mut players = Vec::new();
    for _ in 0..3 {
        players.push(it.player(Currency::Usdt).await);
    }
    for _ in 0..4 {
        for (_, address) in &players {
            it.fund(address, Currency::Usdt, 6 * USDT).await;
        }
    }
    for (user, address) in &players {
        it.holds(*user, Unit::Usdt, 24 * USDT).await;
        let gathered = async || it.on_chain(address, Currency::Usdt).await == 0;
        eventually(LIMIT, gathered).await;
    }
    it.reconciles().await;
    assert_eq!(it.count("deposits WHERE user_id IS NOT NULL").await, 12);
    assert!(one.terminate().await.success());
    assert!(other.terminate().await.success());
}

#[tokio::test]
async fn a_wallet_that_was_opened_without_a_chain_gets_an_address_later() {
    let it = ChainStage::new().await;
    let user = it.rich(usdt(USDT)).await;
    let treasury = it.treasury().await;
    let has_address = async || {
        let found = store::chain::find_account(&it.stage.db, Some(user), Currency::Usdt).await;
        found.unwrap()
    };
    let account = eventually(LIMIT, has_address).await;
    it.fund(&account.address, Currency::Usdt, USDT).await;
    it.holds(user, Unit::Usdt, 2 * USDT).await;
    treasury.stop().await;
}

#[tokio::test]
async fn what_the_chain_lacks_is_counted_and_every_alert_has_its_metric() {
    let it = ChainStage::new().await;
    let mut process = it.binary().start_ready().await;
    let difference = async |currency: &str| {
        let page = process.metrics().await;
        let line = format!("treasury_chain_difference{{currency=\"{currency}\"}} ");
        page.lines()
            .find_map(|found| found.strip_prefix(&line).map(str::to_owned))
    };
    let fits = async || difference("USDT").await.as_deref() == Some("0");
    eventually(LIMIT, fits).await;
    let alerts = std::fs::read_to_string("../../docs/alerts.yml").unwrap();
    for metric in alerts.split(|c: char| !c.is_ascii_lowercase() && c != '_') {
        // Some are there once a first round is over.
        let exists = async || process.metrics().await.contains(&format!("\n{metric}"));
        if metric.starts_with("treasury_") {
            eventually(LIMIT, exists).await;
        }
    }
    // The ledger says that a deposit came which the chain does not know.
    let key = mint::<uuid::Uuid>();
    let outside = Account::outside(Unit::Usdt);
    let invented = domain::ledger::Transfer {
        key: domain::ledger::TransferKey::new(key.to_string()),
        kind: "deposit",
        reference: key,
        movement: domain::ledger::Movement::Move {
            debit: outside,
            credit: Account::house(Unit::Usdt),
            amount: 3,
        },
    };
    let tx = it.stage.db.begin().await.unwrap();
    store::ledger::post(&tx, &[invented])
        .await
        .unwrap()
        .unwrap();
    tx.commit().await.unwrap();
    let differs = async || difference("USDT").await.as_deref() == Some("-3");
    eventually(LIMIT, differs).await;
    assert!(process.stderr().contains("chain and ledger differ"));
    assert!(process.terminate().await.success());
}

#[tokio::test]
async fn what_a_node_with_a_short_memory_passed_over_is_credited_once_another_tells_of_it() {
    let it = ChainStage::manual().await;
    let own = [("chain.rescan_after_ms", "300")];
    let treasury = it.treasury_with(&own).await;
    let (user, address) = it.player(Currency::Sol).await;
    treasury.stop().await;
    it.fund(&address, Currency::Sol, SOL).await;
    it.validator.make_slots(100).await;
    it.fund(&address, Currency::Sol, 2 * SOL).await;
    it.validator.make_slots(5).await;
    it.validator.fault("forget", 50).await;
    let treasury = it.treasury_with(&own).await;
    it.holds(user, Unit::Sol, 2 * SOL).await;
    it.validator.fault("forget", 0).await;
    it.holds(user, Unit::Sol, 3 * SOL).await;
    assert_eq!(it.count("deposits WHERE user_id IS NOT NULL").await, 2);
    it.faults_are_over().await;
    treasury.stop().await;
}

#[tokio::test]
async fn a_node_that_has_purged_what_was_seen_before_is_read_as_far_as_it_goes() {
    let it = ChainStage::manual().await;
    let binary = it.binary().setting("chain.page_after_ms", "100");
    let mut process = binary
        .setting("chain.sweep_interval_ms", "86400000")
        .start_ready()
        .await;
    let (user, address) = it.player(Currency::Sol).await;
    let (quiet, quiet_address) = it.player(Currency::Usdt).await;
    it.fund(&address, Currency::Sol, SOL).await;
    it.fund(&quiet_address, Currency::Usdt, USDT).await;
    it.validator.make_slots(5).await;
    it.holds(user, Unit::Sol, SOL).await;
    it.holds(quiet, Unit::Usdt, USDT).await;
    it.reconciles().await;

    it.validator.make_slots(100).await;
    it.validator.fault("forget", 50).await;
    // The players' accounts and the two of the hot wallet, once each.
    let forgotten = "\ntreasury_history_forgotten_total 4\n";
    let has_forgotten = async || process.metrics().await.contains(forgotten);
    eventually(LIMIT, has_forgotten).await;
    it.looks().await;
    it.fund(&address, Currency::Sol, 2 * SOL).await;
    it.validator.make_slots(5).await;
    it.holds(user, Unit::Sol, 3 * SOL).await;
    it.validator.fault("forget", 0).await;
    it.looks().await;
    let page = process.metrics().await;
    assert!(page.contains(forgotten), "{page}");
    assert!(page.contains("\ntreasury_scans_failed_total 0\n"), "{page}");
    assert_eq!(it.wallet(user, Unit::Sol).await, (3 * SOL, 0));
    assert_eq!(it.wallet(quiet, Unit::Usdt).await, (USDT, 0));
    assert_eq!(it.count("deposits WHERE user_id IS NOT NULL").await, 3);
    it.reconciles().await;
    assert!(process.terminate().await.success());
}

#[tokio::test]
async fn what_a_node_names_and_has_purged_holds_up_nothing_and_is_credited_once_it_is_known() {
    let it = ChainStage::manual().await;
    let own = [("chain.rescan_after_ms", "300")];
    let treasury = it.treasury_with(&own).await;
    let (user, address) = it.player(Currency::Sol).await;
    treasury.stop().await;
    it.fund(&address, Currency::Sol, SOL).await;
    it.validator.make_slots(100).await;
    it.fund(&address, Currency::Sol, 2 * SOL).await;
    it.validator.make_slots(5).await;
    for method in ["getTransaction", "getFirstAvailableBlock"] {
        it.validator.fault_of(method, "forget", 50).await;
    }
    let treasury = it.treasury_with(&own).await;
    it.holds(user, Unit::Sol, 2 * SOL).await;
    for method in ["getTransaction", "getFirstAvailableBlock"] {
        it.validator.fault_of(method, "forget", 0).await;
    }
    it.holds(user, Unit::Sol, 3 * SOL).await;
    assert_eq!(it.count("deposits WHERE user_id IS NOT NULL").await, 2);
    it.faults_are_over().await;
    treasury.stop().await;
}

impl ChainStage {
    /// Lets somebody promise five SOL to an address who has one: the transaction fails, and is final.
    pub(crate) async fn promises_in_vain(&self, address: &str) {
        let phrase = "legal winner thank year wave sausage worth useful legal winner thank yellow";
        let somebody = Keyring::from_phrase(phrase).unwrap();
        let theirs = somebody.address(KeyIndex::HOT).to_string();
        self.fund(&theirs, Currency::Sol, SOL).await;
        let funded = async || self.on_chain(&theirs, Currency::Sol).await == SOL;
        eventually(LIMIT, funded).await;
        let promise = Transfer {
            coin: Coin::Sol,
            from: KeyIndex::HOT,
            to: address.parse().unwrap(),
            opens_account: false,
            amount: 5_000_000_000,
            payer: KeyIndex::HOT,
        };
        let blockhash = self.node.latest_blockhash().await.unwrap();
        let signed = somebody.sign(&promise, &blockhash.blockhash).unwrap();
        self.send_untried(&signed.bytes).await;
        let paid = async || self.on_chain(&theirs, Currency::Sol).await < SOL;
        eventually(LIMIT, paid).await;
    }

    /// Sends a transaction that the node does not try out first.
    async fn send_untried(&self, bytes: &[u8]) {
        use base64::Engine as _;
        let text = base64::engine::general_purpose::STANDARD.encode(bytes);
        let params = json!([text, {"encoding": "base64", "skipPreflight": true}]);
        let question =
            json!({"jsonrpc": "2.0", "id": 1, "method": "sendTransaction", "params": params});
        let client = reqwest::Client::new();
        let asking = client.post(self.validator.url()).json(&question).send();
        let answer: serde_json::Value = asking.await.unwrap().json().await.unwrap();
        assert!(answer["error"].is_null(), "{answer}");
    }
}
