//! A treasury with a chain of its own, and a look at what lies there.

use std::time::Duration;

use chain::{Address, Keyring, Node};
use contracts::Code;
use contracts::commands::{CreateWallet, Withdraw};
use domain::id::{UserId, WithdrawalId};
use domain::ledger::{Account, Movement, Transfer, TransferKey, Unit};
use domain::money::{Currency, Money};
use runtime::Mode;
use runtime::ids::mint;
use sea_orm::{ConnectionTrait as _, DbBackend, Statement};
use store::withdrawal::{self, Status};
use store::{chain as rows, ledger};
use testkit::{Binary, Validator, eventually};
use uuid::Uuid;

use crate::stage::{LIMIT, Stage, Treasury, caller};

/// What treasuries of tests sign with.
pub(crate) const PHRASE: &str = "abandon abandon abandon abandon abandon abandon abandon abandon \
                                 abandon abandon abandon about";
/// Minor units in one of each.
pub(crate) const SOL: i64 = 1_000_000_000;
pub(crate) const USDT: i64 = 1_000_000;
/// What is kept of a withdrawal of USDT to a wallet that has no account for it.
pub(crate) const ACCOUNT_FEE: i64 = USDT * 3 / 4;
/// What the hot wallet begins with.
pub(crate) const HOT_SOL: i64 = 100 * SOL;
pub(crate) const HOT_USDT: i64 = 10_000 * USDT;
/// More transfers than anybody sends.
pub(crate) const DROP_ALL: u64 = 1_000_000;
/// Wallets that are none of ours.
pub(crate) const STRANGER: &str = "4uQeVj5tqViQh7yWWGStvkEG1Zmhx6uasJtWCJziofM";

pub(crate) struct ChainStage {
    pub(crate) stage: Stage,
    pub(crate) validator: Validator,
    pub(crate) node: Node,
    pub(crate) mint: Address,
}

impl ChainStage {
    /// A chain that goes on by itself, and a hot wallet with money.
    pub(crate) async fn new() -> Self {
        let it = Self::on(Validator::start().await).await;
        it.fund_hot(HOT_SOL, HOT_USDT).await;
        it
    }

    /// The same with a chain that forgets no blockhash as long as a test lives.
    pub(crate) async fn patient() -> Self {
        Self::patient_with(HOT_USDT).await
    }

    /// The same with this much USDT in the hot wallet.
    pub(crate) async fn patient_with(usdt: i64) -> Self {
        Self::patient_with_both(HOT_SOL, usdt).await
    }

    /// The same with this much of both in the hot wallet.
    pub(crate) async fn patient_with_both(sol: i64, usdt: i64) -> Self {
        let it = Self::on(Validator::forgetting_after(10_000).await).await;
        it.fund_hot(sol, usdt).await;
        it
    }

    /// The same with a chain that stands still.
    pub(crate) async fn manual() -> Self {
        let it = Self::on(Validator::manual().await).await;
        it.fund_hot(HOT_SOL, HOT_USDT).await;
        it.validator.make_slots(5).await;
        it
    }

    /// A chain that goes on by itself, and a hot wallet without money.
    pub(crate) async fn poor() -> Self {
        Self::on(Validator::start().await).await
    }

    async fn on(validator: Validator) -> Self {
        let node = Node::new(validator.url().parse().unwrap(), Duration::from_secs(10));
        Self {
            stage: Stage::new().await,
            node: node.unwrap(),
            mint: validator.mint().await.parse().unwrap(),
            validator,
        }
    }

    pub(crate) async fn fund_hot(&self, sol: i64, usdt: i64) {
        let hot = hot().to_string();
        self.fund(&hot, Currency::Sol, sol).await;
        self.fund(&hot, Currency::Usdt, usdt).await;
    }

    pub(crate) async fn fund(&self, address: &str, currency: Currency, minor: i64) -> String {
        let amount = u64::try_from(minor).unwrap();
        self.validator.fund(address, currency.code(), amount).await
    }

    pub(crate) fn settings(&self) -> Vec<(&'static str, String)> {
        vec![
            ("chain.url", self.validator.url().to_owned()),
            ("chain.seed", PHRASE.to_owned()),
            ("chain.usdt_mint", self.mint.to_string()),
            ("chain.timeout_ms", "1000".to_owned()),
            ("chain.scan_interval_ms", "100".to_owned()),
            ("chain.sweep_interval_ms", "100".to_owned()),
            ("chain.reconcile_interval_ms", "100".to_owned()),
            ("temporal.url", testkit::temporal_url().to_string()),
            ("temporal.queue", self.stage.prefix().to_owned()),
        ]
    }

    pub(crate) async fn treasury(&self) -> Treasury {
        self.treasury_with(&[]).await
    }

    /// A treasury with some settings of its own.
    pub(crate) async fn treasury_with(&self, own: &[(&'static str, &str)]) -> Treasury {
        let settings = self.settings();
        let ours = settings.iter().map(|(name, value)| (*name, value.as_str()));
        let all: Vec<_> = ours.chain(own.iter().copied()).collect();
        self.stage.treasury_with(Mode::Development, &all).await
    }

    /// The built program, to be started as a process of its own.
    pub(crate) fn binary(&self) -> Binary {
        let with = |binary: Binary, (name, value): (&str, String)| binary.setting(name, value);
        self.settings().into_iter().fold(self.stage.binary(), with)
    }

    /// Somebody with a wallet of a currency, and the address to deposit to.
    pub(crate) async fn player(&self, currency: Currency) -> (UserId, String) {
        let user = self.stage.user().await;
        (user, self.address(user, currency).await)
    }

    /// Opens a wallet, and answers the address to deposit to.
    pub(crate) async fn address(&self, user: UserId, currency: Currency) -> String {
        let create = CreateWallet {
            caller: caller(user),
            currency,
        };
        self.stage.ask_twice(&create).await.unwrap();
        let found = rows::find_account(&self.stage.db, Some(user), currency).await;
        found.unwrap().unwrap().address
    }

    /// Somebody with money that the chain knows nothing of.
    pub(crate) async fn rich(&self, amount: Money) -> UserId {
        let user = self.stage.user().await;
        let unit = amount.unit();
        let gift = Transfer {
            key: TransferKey::new(format!("gift/{user}")),
            kind: "prize",
            reference: Uuid::nil(),
            movement: Movement::Move {
                debit: Account::house(unit),
                credit: Account::user(user, unit),
                amount: amount.minor,
            },
        };
        let tx = self.stage.db.begin().await.unwrap();
        ledger::post(&tx, &[gift]).await.unwrap().unwrap();
        tx.commit().await.unwrap();
        user
    }

    pub(crate) async fn withdraw(
        &self,
        user: UserId,
        amount: Money,
        address: &str,
    ) -> Result<WithdrawalId, Code> {
        self.stage.ask_twice(&withdraw(user, amount, address)).await
    }

    pub(crate) async fn status(&self, id: WithdrawalId) -> Status {
        let found = withdrawal::find(&self.stage.db, id).await.unwrap();
        found.unwrap().status
    }

    /// Waits until a withdrawal has come so far.
    pub(crate) async fn reaches(&self, id: WithdrawalId, status: Status) {
        eventually(LIMIT, async || self.status(id).await == status).await;
    }

    /// How often something was signed for a withdrawal.
    pub(crate) async fn signed(&self, id: WithdrawalId) -> i64 {
        rows::count_signed(&self.stage.db, id).await.unwrap()
    }

    /// What a user has of a currency, and how much of it is held.
    pub(crate) async fn wallet(&self, user: UserId, unit: Unit) -> (i64, i64) {
        let account = Account::user(user, unit).id();
        let found = ledger::balance(&self.stage.db, account).await.unwrap();
        found.map_or((0, 0), |found| (found.balance, found.held))
    }

    /// Waits until a wallet holds this much.
    pub(crate) async fn holds(&self, user: UserId, unit: Unit, balance: i64) {
        let reached = async || self.wallet(user, unit).await == (balance, 0);
        eventually(LIMIT, reached).await;
    }

    /// What a wallet on the chain holds for good.
    pub(crate) async fn on_chain(&self, address: &str, currency: Currency) -> i64 {
        let address: Address = address.parse().unwrap();
        let account = match currency {
            Currency::Sol => address,
            Currency::Usdt | Currency::Bt => address.token_account(self.mint),
        };
        let found = self.node.accounts(&[account]).await.unwrap().remove(0);
        let amount = found.map_or(0, |found| match currency {
            Currency::Sol => found.lamports,
            Currency::Usdt | Currency::Bt => found.tokens(self.mint).unwrap(),
        });
        i64::try_from(amount).unwrap()
    }

    /// Whatever was to go wrong has, and nothing does any more.
    pub(crate) async fn faults_are_over(&self) {
        assert_eq!(self.validator.faults_left().await, 0);
    }

    /// Waits until one of all transfers that are dropped is.
    pub(crate) async fn drops_one(&self) {
        let dropped = async || self.validator.faults_left().await < DROP_ALL;
        eventually(LIMIT, dropped).await;
    }

    /// Lets transfers arrive again, of which at least one did not.
    pub(crate) async fn drops_no_more(&self) {
        self.drops_one().await;
        self.validator.fault("drop", 0).await;
        self.faults_are_over().await;
    }

    /// Waits until treasury has looked at every account since.
    pub(crate) async fn looks(&self) {
        // The first look may have begun before.
        for _ in 0..2 {
            let forget = "UPDATE chain_accounts SET scanned_at = NULL";
            self.stage.script(forget).await;
            let looked = async || self.count("chain_accounts WHERE scanned_at IS NULL").await == 0;
            eventually(LIMIT, looked).await;
        }
    }

    /// Counts rows.
    pub(crate) async fn count(&self, from: &str) -> i64 {
        let sql = format!("SELECT count(*) AS count FROM {from}");
        let ask = Statement::from_string(DbBackend::Postgres, sql);
        let row = self.stage.db.connection().query_one_raw(ask).await.unwrap();
        row.unwrap().try_get("", "count").unwrap()
    }

    /// Waits until the chain holds to the last unit what the ledger says, and checks the ledger.
    pub(crate) async fn reconciles(&self) {
        for currency in [Currency::Sol, Currency::Usdt] {
            let same = async || {
                let booked = rows::booked(&self.stage.db, currency).await.unwrap();
                self.ours(currency).await == booked
            };
            eventually(LIMIT, same).await;
        }
        let differences = ledger::check(&self.stage.db).await.unwrap();
        assert!(differences.is_empty(), "{differences:#?}");
    }

    /// What all of our accounts on the chain hold.
    async fn ours(&self, currency: Currency) -> i64 {
        let page = store::Page::first(100);
        let accounts = rows::list_accounts(&self.stage.db, page).await.unwrap();
        let mut sum = 0;
        for account in accounts.rows {
            if account.currency().unwrap() == currency {
                sum += self.on_chain(&account.address, currency).await;
            }
        }
        sum
    }
}

/// A withdrawal that nobody has asked for before.
pub(crate) fn withdraw(user: UserId, amount: Money, address: &str) -> Withdraw {
    Withdraw {
        caller: caller(user),
        withdrawal: mint(),
        amount,
        address: address.to_owned(),
    }
}

pub(crate) fn hot() -> Address {
    let keyring = Keyring::from_phrase(PHRASE).unwrap();
    keyring.address(chain::KeyIndex::HOT)
}

pub(crate) const fn sol(minor: i64) -> Money {
    Money {
        minor,
        currency: Currency::Sol,
    }
}

pub(crate) const fn usdt(minor: i64) -> Money {
    Money {
        minor,
        currency: Currency::Usdt,
    }
}
