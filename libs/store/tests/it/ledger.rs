//! What moves, and what is refused.

use contracts::Service;
use domain::ledger::{Account, Movement, Refusal, Unit};
use domain::timestamp::Timestamp;
use store::Page;
use store::ledger::{self, Posted};

use crate::stage::{
    ALICE, BOB, ESCROW, HOUSE, OUTSIDE, Stage, fund, holding, holds, moving, post, scanned,
    transfer, wallet,
};

/// What one of an account's 64 stripes holds at the most, on either side of zero.
const STRIPE_MAX: i64 = (1 << 57) - 1;

#[tokio::test]
async fn money_moves_from_outside_through_the_house_to_a_user() {
    let stage = Stage::new().await;
    let db = stage.db(Service::Treasury).await;
    let linked = [
        moving("in", OUTSIDE, HOUSE, 50),
        moving("out", HOUSE, wallet(ALICE), 50),
    ];
    assert_eq!(post(&db, &linked).await, Ok(Posted::Now));
    assert_eq!(holds(&db, wallet(ALICE)).await, (50, 0));
    assert_eq!(holds(&db, HOUSE).await, (0, 0));
    assert_eq!(holds(&db, OUTSIDE).await, (-50, 0));
    assert_eq!(ledger::check(&db).await.unwrap(), []);
}

#[tokio::test]
async fn nobody_spends_more_than_there_is() {
    let stage = Stage::new().await;
    let db = stage.db(Service::Matcher).await;
    fund(&db, ALICE, 50).await;
    let tx = db.begin().await.unwrap();
    let too_much = moving("too much", wallet(ALICE), wallet(BOB), 51);
    assert_eq!(
        ledger::post(&tx, &[too_much]).await.unwrap(),
        Err(Refusal::Insufficient)
    );
    let all = moving("all", wallet(ALICE), wallet(BOB), 50);
    assert_eq!(
        ledger::post(&tx, &[all]).await.unwrap(),
        Ok(Posted::Now),
        "the transaction lives"
    );
    tx.commit().await.unwrap();
    assert_eq!(holds(&db, wallet(BOB)).await, (50, 0));
}

#[tokio::test]
async fn what_is_held_cannot_be_spent_or_held_again() {
    let stage = Stage::new().await;
    let db = stage.db(Service::Matcher).await;
    fund(&db, ALICE, 50).await;
    assert_eq!(
        post(&db, &[holding("ticket 1", wallet(ALICE), 30)]).await,
        Ok(Posted::Now)
    );
    assert_eq!(holds(&db, wallet(ALICE)).await, (50, 30));
    let again = holding("ticket 2", wallet(ALICE), 21);
    assert_eq!(post(&db, &[again]).await, Err(Refusal::Insufficient));
    let spend = moving("spend", wallet(ALICE), wallet(BOB), 21);
    assert_eq!(post(&db, &[spend]).await, Err(Refusal::Insufficient));
    assert_eq!(holds(&db, wallet(ALICE)).await, (50, 30));
}

#[tokio::test]
async fn a_hold_is_posted_or_voided_whole_and_once() {
    let stage = Stage::new().await;
    let db = stage.db(Service::Matcher).await;
    fund(&db, ALICE, 50).await;
    let (kept, freed) = (
        holding("kept", wallet(ALICE), 10),
        holding("freed", wallet(ALICE), 15),
    );
    assert_eq!(
        post(&db, &[kept.clone(), freed.clone()]).await,
        Ok(Posted::Now)
    );
    let capture = transfer(
        "capture",
        Movement::Post {
            hold: kept.key.id(),
            credit: ESCROW,
        },
    );
    let release = transfer(
        "release",
        Movement::Void {
            hold: freed.key.id(),
        },
    );
    assert_eq!(post(&db, &[capture, release]).await, Ok(Posted::Now));
    assert_eq!(holds(&db, wallet(ALICE)).await, (40, 0));
    assert_eq!(holds(&db, ESCROW).await, (10, 0));
    let late = transfer(
        "late",
        Movement::Void {
            hold: kept.key.id(),
        },
    );
    assert_eq!(post(&db, &[late]).await, Err(Refusal::HoldEnded));
    let stray = transfer(
        "stray",
        Movement::Void {
            hold: late_key("nothing"),
        },
    );
    assert_eq!(post(&db, &[stray]).await, Err(Refusal::UnknownHold));
}

fn late_key(text: &str) -> domain::id::TransferId {
    ledger::TransferKey::new(text).id()
}

#[tokio::test]
async fn only_a_hold_can_be_posted() {
    let stage = Stage::new().await;
    let db = stage.db(Service::Matcher).await;
    fund(&db, ALICE, 50).await;
    let paid = moving("paid", wallet(ALICE), wallet(BOB), 10);
    assert_eq!(
        post(&db, std::slice::from_ref(&paid)).await,
        Ok(Posted::Now)
    );
    let void = transfer(
        "void",
        Movement::Void {
            hold: paid.key.id(),
        },
    );
    assert_eq!(post(&db, &[void]).await, Err(Refusal::UnknownHold));
}

#[tokio::test]
async fn the_same_transfers_move_once() {
    let stage = Stage::new().await;
    let db = stage.db(Service::Treasury).await;
    let claim = [
        moving("a", OUTSIDE, HOUSE, 50),
        moving("b", HOUSE, wallet(ALICE), 50),
    ];
    assert_eq!(post(&db, &claim).await, Ok(Posted::Now));
    assert_eq!(post(&db, &claim).await, Ok(Posted::Before));
    assert_eq!(holds(&db, wallet(ALICE)).await, (50, 0));
}

#[tokio::test]
async fn a_key_belongs_to_one_transfer() {
    let stage = Stage::new().await;
    let db = stage.db(Service::Treasury).await;
    fund(&db, ALICE, 50).await;
    let pay = moving("pay", wallet(ALICE), wallet(BOB), 10);
    assert_eq!(post(&db, std::slice::from_ref(&pay)).await, Ok(Posted::Now));
    let other = moving("pay", wallet(ALICE), wallet(BOB), 11);
    assert_eq!(post(&db, &[other]).await, Err(Refusal::KeyReused));
    let more = moving("more", wallet(ALICE), wallet(BOB), 1);
    assert_eq!(
        post(&db, &[pay, more.clone()]).await,
        Err(Refusal::KeyReused),
        "half is new"
    );
    assert_eq!(
        post(&db, &[more.clone(), more]).await,
        Err(Refusal::KeyReused),
        "twice at once"
    );
    assert_eq!(holds(&db, wallet(BOB)).await, (10, 0));
}

#[tokio::test]
async fn linked_transfers_move_all_or_none() {
    let stage = Stage::new().await;
    let db = stage.db(Service::Treasury).await;
    fund(&db, ALICE, 50).await;
    let linked = [
        moving("first", wallet(ALICE), wallet(BOB), 20),
        moving("second", wallet(ALICE), ESCROW, 31),
    ];
    assert_eq!(post(&db, &linked).await, Err(Refusal::Insufficient));
    assert_eq!(holds(&db, wallet(ALICE)).await, (50, 0));
    assert_eq!(holds(&db, wallet(BOB)).await, (0, 0));
}

#[tokio::test]
async fn amounts_out_of_range_are_refused() {
    let stage = Stage::new().await;
    let db = stage.db(Service::Treasury).await;
    for amount in [0, -1, i64::MIN] {
        let refused = post(&db, &[moving("none", OUTSIDE, wallet(ALICE), amount)]).await;
        assert_eq!(refused, Err(Refusal::OutOfRange), "{amount}");
    }
    let most = moving("most", HOUSE, wallet(ALICE), STRIPE_MAX);
    assert_eq!(post(&db, &[most]).await, Ok(Posted::Now));
    // So much that the account would not fit, and with it no stripe.
    let near = "UPDATE ledger_accounts SET balance = 9223372036854775807 WHERE kind = 'user'";
    stage.meddle(near).await;
    let one_more = moving("one more", OUTSIDE, wallet(ALICE), 1);
    assert_eq!(post(&db, &[one_more]).await, Err(Refusal::OutOfRange));
    assert_eq!(holds(&db, wallet(ALICE)).await, (i64::MAX, 0));
}

#[tokio::test]
async fn whatever_came_from_outside_can_be_counted() {
    let stage = Stage::new().await;
    // Several backends, and so several stripes.
    let (one, other) = (
        stage.db(Service::Treasury).await,
        stage.db(Service::Matcher).await,
    );
    let mut given = 0;
    for (db, user) in [(&one, ALICE), (&other, BOB)] {
        for amount in [i64::MAX, STRIPE_MAX + 1] {
            let refused = post(db, &[moving("much", OUTSIDE, wallet(user), amount)]).await;
            assert_eq!(refused, Err(Refusal::OutOfRange), "{amount}");
        }
        let most = moving(format!("{user}"), OUTSIDE, wallet(user), STRIPE_MAX);
        if post(db, &[most]).await == Ok(Posted::Now) {
            given += STRIPE_MAX;
        }
        assert_eq!(holds(&one, OUTSIDE).await, (-given, 0));
    }
    assert!(given > 0);
    assert_eq!(ledger::check(&one).await.unwrap(), []);
}

#[tokio::test]
async fn a_unit_never_becomes_another() {
    let stage = Stage::new().await;
    let db = stage.db(Service::Treasury).await;
    let tx = db.begin().await.unwrap();
    let exchanged = moving("x", OUTSIDE, Account::user(ALICE, Unit::Sol), 1);
    let refused = ledger::post(&tx, &[exchanged]).await.unwrap_err();
    assert!(matches!(refused, store::Error::Refused(_)), "{refused:?}");
}

#[tokio::test]
async fn a_thousand_transfers_post_in_one_statement() {
    let stage = Stage::new().await;
    let db = stage.db(Service::Matcher).await;
    let users = |n: u128| wallet(crate::stage::id(n));
    let batch: Vec<_> = (0..1_000_u32)
        .map(|n| moving(format!("prize/{n}"), OUTSIDE, users(u128::from(n % 100)), 1))
        .collect();
    assert_eq!(post(&db, &batch).await, Ok(Posted::Now));
    for n in 0..100 {
        assert_eq!(holds(&db, users(n)).await, (10, 0));
    }
    assert_eq!(post(&db, &batch).await, Ok(Posted::Before));
    let auditor = stage.db(Service::Treasury).await;
    assert_eq!(ledger::check(&auditor).await.unwrap(), []);
}

#[tokio::test]
async fn each_account_is_found_by_its_key_whatever_a_connection_posted_before() {
    const MANY: u32 = 1_000;
    let stage = Stage::new().await;
    let db = stage.db_on(stage.port()).await;
    // What is planned here is planned for a table of four rows, and kept.
    let few = [
        moving("gift", OUTSIDE, wallet(ALICE), 3),
        moving("fee", wallet(ALICE), HOUSE, 1),
        moving("loan", wallet(ALICE), wallet(BOB), 1),
    ];
    assert_eq!(post(&db, &few).await, Ok(Posted::Now));
    let gifts: Vec<_> = (0..MANY)
        .map(|n| {
            let user = wallet(crate::stage::id(u128::from(n)));
            moving(format!("gift/{n}"), OUTSIDE, user, 1)
        })
        .collect();
    let (table, index) = ("ledger_accounts", "ledger_accounts_pkey");
    let before = scanned(&stage, &db, table, index).await;
    assert_eq!(post(&db, &gifts).await, Ok(Posted::Now));
    let after = scanned(&stage, &db, table, index).await;
    let found = after.1 - before.1;
    // To see whether it is open, to open it, and to change it.
    assert!(found >= 3 * i64::from(MANY), "{found}");
    assert_eq!(after.0, before.0, "the accounts were read from end to end");
}

#[tokio::test]
async fn a_wallets_history_tells_the_balance_after_each_movement() {
    let stage = Stage::new().await;
    let db = stage.db(Service::Matcher).await;
    fund(&db, ALICE, 50).await;
    let hold = holding("hold", wallet(ALICE), 10);
    let hold_id = hold.key.id();
    post(&db, &[hold]).await.unwrap();
    post(
        &db,
        &[transfer(
            "post",
            Movement::Post {
                hold: hold_id,
                credit: ESCROW,
            },
        )],
    )
    .await
    .unwrap();
    let newest = ledger::history(&db, wallet(ALICE).id(), Page::first(2))
        .await
        .unwrap();
    let told: Vec<_> = newest
        .rows
        .iter()
        .map(|row| (row.amount, row.balance_after, row.held_after))
        .collect();
    assert_eq!(told, [(-10, 40, 0), (0, 50, 10)]);
    assert!(newest.more);
    let behind = Page::after(newest.rows[1].number, 2);
    let oldest = ledger::history(&db, wallet(ALICE).id(), behind)
        .await
        .unwrap();
    assert_eq!(oldest.rows.len(), 1);
    assert_eq!(
        (oldest.rows[0].amount, oldest.rows[0].balance_after),
        (50, 50)
    );
    assert!(!oldest.more);
}

#[tokio::test]
async fn lots_that_lapse_first_come_first_and_lapsed_ones_not_at_all() {
    let stage = Stage::new().await;
    let db = stage.db(Service::Matcher).await;
    let lot = |ms: Option<i64>| Account::lot(ALICE, Unit::LeverageCard, ms.map(Timestamp::from_ms));
    let cards = Account::outside(Unit::LeverageCard);
    let gifts = [None, Some(300), Some(100), Some(200)];
    let batch: Vec<_> = gifts
        .iter()
        .map(|ms| moving(format!("{ms:?}"), cards, lot(*ms), 5))
        .collect();
    post(&db, &batch).await.unwrap();
    let now = Timestamp::from_ms(100);
    let lots = ledger::lots(&db, &[ALICE], Unit::LeverageCard, now)
        .await
        .unwrap();
    let expiries: Vec<_> = lots.iter().map(|lot| lot.expires_at_ms).collect();
    assert_eq!(expiries, [Some(200), Some(300), None]);
}

#[tokio::test]
async fn a_wallet_opens_once() {
    let stage = Stage::new().await;
    let db = stage.db(Service::Treasury).await;
    let tx = db.begin().await.unwrap();
    assert!(ledger::open(&tx, &wallet(ALICE)).await.unwrap());
    assert!(!ledger::open(&tx, &wallet(ALICE)).await.unwrap());
    tx.commit().await.unwrap();
    let listed = ledger::list_accounts(&db, ALICE).await.unwrap();
    assert_eq!(listed.len(), 1);
    assert_eq!((listed[0].unit.as_str(), listed[0].balance), ("USDT", 0));
}
