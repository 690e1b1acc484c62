//! `battlesbit reconcile`.

use std::time::Duration;

use chain::{Address, Node, Signature, Status};
use contracts::Service;
use domain::id::UserId;
use domain::ledger::{Account, Movement, Transfer, TransferKey};
use domain::money::{Currency, Money};
use sea_orm::ConnectionTrait;
use store::chain::{Deposit, NewAccount, insert_account, insert_deposit};
use store::ledger;
use testkit::{Validator, eventually};
use uuid::Uuid;

use crate::operator::{Operator, Ran};

const LIMIT: Duration = Duration::from_secs(30);
const ADA: UserId = UserId::new(Uuid::from_u128(1));
/// The hot wallet, and where Ada deposits SOL and USDT.
const HOT: &str = "HAgk14JpMQLgt6rVgv7cBQFJWFto5Dqxi472uT3DKpqk";
const ADAS: [&str; 2] = [
    "4uQeVj5tqViQh7yWWGStvkEG1Zmhx6uasJtWCJziofM",
    "9hSR6S7WPtxmTojgo6GG3k4yDPecgJY292j7xrsUGWBu",
];
const SOL: i64 = 1_000_000_000;
const USDT: i64 = 1_000_000;

struct Stage {
    operator: Operator,
    validator: Validator,
    mint: Address,
}

impl Stage {
    /// A hot wallet of 5 SOL and 100 USDT, and 3 USDT of Ada's that are not worth gathering; the
    /// ledger knows of all.
    async fn new() -> Self {
        let validator = Validator::start().await;
        let it = Self {
            operator: Operator::new().await,
            mint: validator.mint().await.parse().unwrap(),
            validator,
        };
        let superuser = it.operator.superuser().await;
        let ada =
            format!("INSERT INTO users (id, email, nick_name) VALUES ('{ADA}', 'ada@test', 'ada')");
        superuser
            .connection()
            .execute_unprepared(&ada)
            .await
            .unwrap();
        for currency in [Currency::Sol, Currency::Usdt] {
            it.note(HOT, None, currency).await;
            it.note(it.adas(currency), Some(ADA), currency).await;
        }
        it.credit(HOT, Currency::Sol, 5 * SOL).await;
        it.credit(HOT, Currency::Usdt, 100 * USDT).await;
        it.credit(it.adas(Currency::Usdt), Currency::Usdt, 3 * USDT)
            .await;
        it
    }

    fn adas(&self, currency: Currency) -> &'static str {
        ADAS[usize::from(currency == Currency::Usdt)]
    }

    /// What holds the coins of a wallet.
    fn account(&self, address: &str, currency: Currency) -> String {
        let wallet: Address = address.parse().unwrap();
        let account = if currency == Currency::Usdt {
            wallet.token_account(self.mint)
        } else {
            wallet
        };
        account.to_string()
    }

    /// Notes an account as treasury does.
    async fn note(&self, address: &str, user: Option<UserId>, currency: Currency) {
        let new = NewAccount {
            account: self.account(address, currency),
            address: address.to_owned(),
            key_index: user.map_or(0, |_| 1 + u32::from(currency == Currency::Usdt)),
            user,
            currency,
        };
        let db = self.operator.db(Service::Treasury).await;
        let tx = db.begin().await.unwrap();
        assert!(insert_account(&tx, &new).await.unwrap());
        tx.commit().await.unwrap();
    }

    /// Sends money to a wallet, for good, and credits it as treasury does.
    async fn credit(&self, address: &str, currency: Currency, minor: i64) {
        let signature = self.fund(address, currency, minor).await;
        let key = TransferKey::new(signature.to_string());
        let deposit = Deposit {
            id: key.id(),
            account: self.account(address, currency),
            user: None,
            amount: Money { minor, currency },
            credited: minor,
            signature: signature.to_string(),
            slot: 1,
        };
        let db = self.operator.db(Service::Treasury).await;
        let tx = db.begin().await.unwrap();
        assert!(insert_deposit(&tx, &deposit).await.unwrap());
        tx.commit().await.unwrap();
        self.book(key, currency, minor).await;
    }

    /// Sends money to a wallet, for good.
    async fn fund(&self, address: &str, currency: Currency, minor: i64) -> Signature {
        let amount = u64::try_from(minor).unwrap();
        let sent = self.validator.fund(address, currency.code(), amount).await;
        let node = Node::new(self.validator.url().parse().unwrap(), LIMIT).unwrap();
        let sent = Signature::new(sent);
        let is_final = async || {
            let told = node.status(&sent).await.unwrap();
            told.status == Some(Status::Finalized)
        };
        eventually(LIMIT, is_final).await;
        sent
    }

    /// Says in the ledger that a deposit came.
    async fn book(&self, key: TransferKey, currency: Currency, minor: i64) {
        let unit = currency.into();
        let deposit = Transfer {
            reference: key.id().uuid(),
            key,
            kind: "deposit",
            movement: Movement::Move {
                debit: Account::outside(unit),
                credit: Account::house(unit),
                amount: minor,
            },
        };
        let db = self.operator.db(Service::Treasury).await;
        let tx = db.begin().await.unwrap();
        ledger::post(&tx, &[deposit]).await.unwrap().unwrap();
        tx.commit().await.unwrap();
    }

    async fn reconcile(&self, more: &[&str]) -> Ran {
        let mint = self.mint.to_string();
        let (node, mint) = (self.validator.url(), mint.as_str());
        let asked = ["reconcile", "--node", node, "--usdt-mint", mint];
        self.operator.runs(&[&asked, more].concat()).await
    }
}

#[tokio::test]
async fn what_the_ledger_says_lies_on_the_chain() {
    let it = Stage::new().await;
    let ran = it.reconcile(&[]).await;
    assert!(ran.succeeded, "{ran:?}");
    assert_eq!(
        ran.said,
        "SOL: 5 on the chain (5 in the hot wallet, 0 at 0 deposit addresses), 5 booked, \
         difference 0, in flight 0\n\
         USDT: 103 on the chain (100 in the hot wallet, 3 at 1 deposit addresses), 103 booked, \
         difference 0, in flight 0\n"
    );
}

#[tokio::test]
async fn a_deposit_that_is_not_credited_yet_is_on_its_way() {
    let it = Stage::new().await;
    it.fund(ADAS[0], Currency::Sol, SOL / 2).await;
    let ran = it.reconcile(&["--json"]).await;
    assert!(ran.succeeded, "{ran:?}");
    let report: serde_json::Value = serde_json::from_str(&ran.said).unwrap();
    assert_eq!(report["reconciled"], true);
    let sol = &report["currencies"][0];
    assert_eq!(
        (&sol["onChain"], &sol["booked"]),
        (&"5.5".into(), &"5".into())
    );
    assert_eq!(
        (&sol["difference"], &sol["inFlight"]),
        (&"0.5".into(), &"0.5".into())
    );
}

#[tokio::test]
async fn what_is_booked_and_not_there_fails() {
    let it = Stage::new().await;
    let never = TransferKey::new("never");
    it.book(never, Currency::Sol, 1).await;
    let ran = it.reconcile(&[]).await;
    assert_eq!(ran.code, Some(1), "{ran:?}");
    let missing = "5.000000001 booked, difference -0.000000001, in flight 0\n";
    assert!(ran.said.contains(missing), "{ran:?}");
    let ran = it.reconcile(&["--json"]).await;
    assert!(
        !ran.succeeded && ran.said.contains("\"reconciled\":false"),
        "{ran:?}"
    );
}

#[tokio::test]
async fn a_node_that_does_not_answer_or_no_mint_is_told_in_one_line() {
    let operator = Operator::new().await;
    // Nobody listens there.
    let nobody = ["reconcile", "--node", "http://127.0.0.1:1/?key=secret"];
    superuser_notes_a_wallet(&operator).await;
    let ran = operator.runs(&nobody).await;
    assert!(
        !ran.succeeded && !ran.complained.contains("secret"),
        "{ran:?}"
    );
    assert!(
        ran.complained
            .starts_with("SOL could not be compared: the node does not answer"),
        "{ran:?}"
    );
    let ran = operator
        .runs(&[&nobody[..], &["--usdt-mint", "tether"]].concat())
        .await;
    assert_eq!(
        ran.complained,
        "expected the address of a mint, found tether\n"
    );
}

async fn superuser_notes_a_wallet(operator: &Operator) {
    let note = format!(
        "INSERT INTO chain_accounts (account, address, key_index, currency)
         VALUES ('{HOT}', '{HOT}', 0, 'SOL')"
    );
    let superuser = operator.superuser().await;
    superuser
        .connection()
        .execute_unprepared(&note)
        .await
        .unwrap();
}
