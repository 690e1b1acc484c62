//! The ledger when everybody comes at once.

use std::collections::BTreeSet;
use std::time::Duration;

use contracts::Service;
use domain::ledger::{Movement, Refusal};
use futures::future::join_all;
use store::ledger::{self, Posted};
use tokio::time::timeout;

use crate::stage::{
    ALICE, BOB, ESCROW, HOUSE, OUTSIDE, Stage, fund, holding, holds, moving, post, transfer, wallet,
};

/// How long a transaction that waits for another one is given.
const PATIENCE: Duration = Duration::from_millis(500);

#[tokio::test]
async fn transfers_over_the_same_accounts_never_wait_in_a_circle() {
    let stage = Stage::new().await;
    let db = stage.db(Service::Matcher).await;
    fund(&db, ALICE, 1_000).await;
    fund(&db, BOB, 1_000).await;
    // Opposite directions, several accounts a statement: locks in any other order than one would
    // meet in a circle, which Postgres answers with a deadlock, which `post` here does not expect.
    let rounds = (0..60).map(|n| {
        let there = moving(format!("{n}/there"), wallet(ALICE), wallet(BOB), 1);
        let back = moving(format!("{n}/back"), wallet(BOB), wallet(ALICE), 1);
        let aside = moving(format!("{n}/aside"), wallet(BOB), ESCROW, 1);
        let db = &db;
        async move {
            let linked = if n % 2 == 0 {
                [there, back, aside]
            } else {
                [aside, back, there]
            };
            post(db, &linked).await
        }
    });
    for outcome in join_all(rounds).await {
        assert_eq!(outcome, Ok(Posted::Now));
    }
    assert_eq!(holds(&db, wallet(ALICE)).await, (1_000, 0));
    assert_eq!(holds(&db, wallet(BOB)).await, (940, 0));
    assert_eq!(holds(&db, ESCROW).await, (60, 0));
    let auditor = stage.db(Service::Treasury).await;
    assert_eq!(ledger::check(&auditor).await.unwrap(), []);
}

#[tokio::test]
async fn a_hold_ends_once_however_many_try() {
    let stage = Stage::new().await;
    let db = stage.db(Service::Matcher).await;
    fund(&db, ALICE, 50).await;
    let hold = holding("hold", wallet(ALICE), 10);
    let id = hold.key.id();
    post(&db, &[hold]).await.unwrap();
    let tries = (0..16).map(|n| {
        let movement = if n % 2 == 0 {
            Movement::Post {
                hold: id,
                credit: ESCROW,
            }
        } else {
            Movement::Void { hold: id }
        };
        let db = &db;
        async move { post(db, &[transfer(format!("end/{n}"), movement)]).await }
    });
    let outcomes = join_all(tries).await;
    let ended = outcomes
        .iter()
        .filter(|outcome| **outcome == Ok(Posted::Now))
        .count();
    let late = outcomes
        .iter()
        .filter(|outcome| **outcome == Err(Refusal::HoldEnded))
        .count();
    assert_eq!((ended, late), (1, 15), "{outcomes:?}");
    assert_eq!(holds(&db, wallet(ALICE)).await.1, 0);
}

#[tokio::test]
async fn the_last_of_a_balance_is_spent_once() {
    let stage = Stage::new().await;
    let db = stage.db(Service::Matcher).await;
    fund(&db, ALICE, 50).await;
    let tries = (0..16).map(|n| {
        let db = &db;
        async move {
            post(
                db,
                &[moving(format!("{n}"), wallet(ALICE), wallet(BOB), 50)],
            )
            .await
        }
    });
    let spent = join_all(tries)
        .await
        .into_iter()
        .filter(|outcome| outcome.is_ok())
        .count();
    assert_eq!(spent, 1);
    assert_eq!(holds(&db, wallet(ALICE)).await, (0, 0));
}

#[tokio::test]
async fn the_same_transfer_sent_by_many_moves_once() {
    let stage = Stage::new().await;
    let db = stage.db(Service::Treasury).await;
    fund(&db, ALICE, 50).await;
    let tries = (0..16).map(|_| {
        let db = &db;
        async move { post(db, &[moving("once", wallet(ALICE), wallet(BOB), 5)]).await }
    });
    let outcomes: BTreeSet<_> = join_all(tries)
        .await
        .into_iter()
        .map(|outcome| format!("{outcome:?}"))
        .collect();
    assert_eq!(
        outcomes,
        ["Ok(Before)".to_owned(), "Ok(Now)".to_owned()].into()
    );
    assert_eq!(holds(&db, wallet(BOB)).await, (5, 0));
}

#[tokio::test]
async fn those_who_pay_the_house_do_not_queue_up() {
    let stage = Stage::new().await;
    let db = stage.db(Service::Matcher).await;
    // Opening an account is the one moment at which the second waits for the first.
    post(&db, &[moving("opening", OUTSIDE, HOUSE, 1)])
        .await
        .unwrap();
    let mut open = Vec::new();
    for n in 0..4_u128 {
        let tx = db.begin().await.unwrap();
        let gift = moving(format!("{n}"), OUTSIDE, HOUSE, 1);
        // Two backends may share a stripe by chance, and then the later one does wait.
        let posted = timeout(PATIENCE, ledger::post(&tx, &[gift])).await;
        if matches!(posted, Ok(Ok(Ok(Posted::Now)))) {
            open.push(tx);
        }
    }
    assert!(open.len() > 1, "only one of four could pay");
}
