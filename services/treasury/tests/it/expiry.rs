//! Holds that have expired are freed, once, and their owners are told.

use contracts::Key;
use contracts::treasury::Posted;
use domain::id::UserId;
use domain::ledger::{Account, Movement, Transfer, TransferKey, Unit};
use domain::money::{Currency, Money};
use domain::timestamp::Timestamp;
use runtime::Mode;
use sea_orm::{ConnectionTrait as _, DbBackend, Statement};
use store::ledger;
use testkit::eventually;
use uuid::Uuid;

use crate::stage::{LIMIT, Stage};

/// More than are looked up at once.
const MANY: i64 = 250;
/// How long the holds live, in milliseconds.
const LIFE_MS: i64 = 300;

/// Holds one unit in the wallet of `user`, `count` times; they expire soon if they can.
async fn hold(stage: &Stage, user: UserId, count: i64, expires_at: Option<Timestamp>) {
    let wallet = Account::user(user, Unit::Usdt);
    let transfer = |key: String, movement| Transfer {
        key: TransferKey::new(key),
        kind: "test",
        reference: Uuid::nil(),
        movement,
    };
    let fund = Movement::Move {
        debit: Account::outside(Unit::Usdt),
        credit: wallet,
        amount: count,
    };
    let hold = Movement::Hold {
        debit: wallet,
        amount: 1,
        expires_at,
    };
    let holds = (0..count).map(|n| transfer(format!("{user}/{n}"), hold));
    let funded = [transfer(format!("{user}/fund"), fund)];
    let tx = stage.db.begin().await.unwrap();
    let all: Vec<_> = funded.into_iter().chain(holds).collect();
    ledger::post(&tx, &all).await.unwrap().unwrap();
    tx.commit().await.unwrap();
}

async fn number(stage: &Stage, sql: &str) -> i64 {
    let ask = Statement::from_string(DbBackend::Postgres, format!("SELECT ({sql}) AS number"));
    let row = stage.db.connection().query_one_raw(ask).await.unwrap();
    row.unwrap().try_get("", "number").unwrap()
}

async fn soon(stage: &Stage) -> Option<Timestamp> {
    let now_ms = number(stage, "SELECT floor(ledger_ms(now()))::bigint").await;
    Some(Timestamp::from_ms(now_ms + LIFE_MS))
}

async fn held(stage: &Stage, user: UserId) -> i64 {
    let wallet = Account::user(user, Unit::Usdt);
    let found = ledger::balance(&stage.db, wallet.id()).await.unwrap();
    found.unwrap().held
}

#[tokio::test]
async fn two_treasuries_free_every_hold_that_has_expired_once() {
    let stage = Stage::new().await;
    let binary = || stage.binary().setting("holds.expire_interval_ms", "100");
    let (one, other) = (binary(), binary());
    let (mut one, mut other) = tokio::join!(one.start_ready(), other.start_ready());
    let [expiring, lasting] = [stage.user().await, stage.user().await];
    hold(&stage, lasting, 1, None).await;
    hold(&stage, expiring, MANY, soon(&stage).await).await;
    eventually(LIMIT, async || held(&stage, expiring).await == 0).await;
    assert_eq!(held(&stage, lasting).await, 1);

    let expiries = "SELECT count(*) FROM ledger_transfers WHERE phase = 'expire'";
    assert_eq!(number(&stage, expiries).await, MANY);
    let expired = async || {
        let pages = [one.metrics().await, other.metrics().await];
        let counts = pages.iter().map(|page| {
            let line = "treasury_holds_expired_total ";
            let count = page.lines().find_map(|found| found.strip_prefix(line));
            count.unwrap().parse::<i64>().unwrap()
        });
        counts.sum::<i64>() == MANY
    };
    eventually(LIMIT, expired).await;
    let rules = ledger::check(&stage.db).await.unwrap();
    let mut rules: Vec<_> = rules.into_iter().map(|found| found.rule).collect();
    rules.dedup();
    assert_eq!(rules, ["holds_have_a_reason"], "the lasting one has none");
    assert!(one.terminate().await.success());
    assert!(other.terminate().await.success());
}

#[tokio::test]
async fn the_owner_of_a_wallet_is_told_when_a_hold_in_it_has_expired() {
    let stage = Stage::new().await;
    let own = [("holds.expire_interval_ms", "100")];
    let treasury = stage.treasury_with(Mode::Production, &own).await;
    let user = stage.user().await;
    hold(&stage, user, 1, soon(&stage).await).await;
    let last = async || stage.bus.last::<Posted>(&Key::from(user)).await.unwrap();
    let posted = eventually(LIMIT, last).await.message;
    let nothing = Money {
        minor: 0,
        currency: Currency::Usdt,
    };
    assert_eq!(
        (posted.amount, posted.kind.as_str()),
        (nothing, "hold_expired")
    );
    let hold = TransferKey::new(format!("{user}/0")).id();
    assert_eq!(
        posted.transfer,
        Transfer::expiry(hold, Uuid::nil()).key.id()
    );
    assert_eq!(held(&stage, user).await, 0);
    treasury.stop().await;
}
