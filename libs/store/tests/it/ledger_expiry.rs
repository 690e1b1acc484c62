//! Holds that expire: what is refused from then on, and that each is freed once.

use contracts::Service;
use domain::ledger::{Movement, Refusal, Transfer, TransferKey};
use domain::timestamp::Timestamp;
use futures::future::join_all;
use sea_orm::{ConnectionTrait as _, DbBackend, Statement};
use store::ledger::{self, Posted};
use store::{Db, Page};

use crate::stage::{
    ALICE, BATTLE, BOB, ESCROW, Stage, fund, holding, holding_until, holds, let_expire, moving,
    post, transfer, wallet,
};

/// Later than any test ends.
const LATER: Option<Timestamp> = Some(Timestamp::from_ms(i64::MAX));

/// A hold of 10 in Alice's wallet of 50, which can expire.
async fn hold(db: &Db) -> Transfer {
    fund(db, ALICE, 50).await;
    let hold = holding_until("hold", wallet(ALICE), 10, LATER);
    assert_eq!(post(db, std::slice::from_ref(&hold)).await, Ok(Posted::Now));
    hold
}

/// The same, and it has expired.
async fn expired_hold(stage: &Stage, db: &Db) -> Transfer {
    let hold = hold(db).await;
    let_expire(&stage.superuser().await, hold.key.id()).await;
    hold
}

fn capture(key: &str, hold: &Transfer) -> Transfer {
    let hold = hold.key.id();
    transfer(
        key,
        Movement::Post {
            hold,
            credit: ESCROW,
        },
    )
}

fn release(key: &str, hold: &Transfer) -> Transfer {
    let hold = hold.key.id();
    transfer(key, Movement::Void { hold })
}

fn expiry(hold: &Transfer) -> Transfer {
    Transfer::expiry(hold.key.id(), hold.reference)
}

/// The rules that are broken, but for the tickets that these holds have not.
async fn broken_rules(db: &Db) -> Vec<String> {
    let found = ledger::check(db).await.unwrap();
    let rules = found.into_iter().map(|found| found.rule);
    rules.filter(|rule| rule != "holds_have_a_reason").collect()
}

#[tokio::test]
async fn what_has_expired_can_no_longer_be_posted_and_is_freed_once() {
    let stage = Stage::new().await;
    let db = stage.db(Service::Treasury).await;
    let hold = expired_hold(&stage, &db).await;
    let late = post(&db, &[capture("late", &hold)]).await;
    assert_eq!(late, Err(Refusal::HoldExpired));
    assert_eq!(holds(&db, wallet(ALICE)).await, (50, 10));

    assert_eq!(post(&db, &[expiry(&hold)]).await, Ok(Posted::Now));
    assert_eq!(post(&db, &[expiry(&hold)]).await, Ok(Posted::Before));
    assert_eq!(holds(&db, wallet(ALICE)).await, (50, 0));
    let later = post(&db, &[capture("later", &hold)]).await;
    assert_eq!(later, Err(Refusal::HoldExpired), "the same as before");
    let freed = post(&db, &[release("release", &hold)]).await;
    assert_eq!(freed, Err(Refusal::HoldEnded));

    let history = ledger::history(&db, wallet(ALICE).id(), Page::first(1)).await;
    let newest = history.unwrap().rows.remove(0);
    let told = (newest.kind.as_str(), newest.amount, newest.held);
    assert_eq!(told, ("hold_expired", 0, -10));
    assert_eq!((newest.balance_after, newest.held_after), (50, 0));
    assert_eq!(newest.reference_id, BATTLE, "it is about the same");
    let auditor = stage.superuser().await;
    assert_eq!(ledger::check(&auditor).await.unwrap(), []);
}

#[tokio::test]
async fn a_linked_set_with_an_expired_hold_does_not_move() {
    let stage = Stage::new().await;
    let db = stage.db(Service::Matcher).await;
    let hold = expired_hold(&stage, &db).await;
    let linked = [
        moving("first", wallet(ALICE), wallet(BOB), 1),
        capture("capture", &hold),
    ];
    assert_eq!(post(&db, &linked).await, Err(Refusal::HoldExpired));
    assert_eq!(holds(&db, wallet(BOB)).await, (0, 0));
}

#[tokio::test]
async fn what_has_expired_can_still_be_voided() {
    let stage = Stage::new().await;
    let db = stage.db(Service::Matcher).await;
    let hold = expired_hold(&stage, &db).await;
    assert_eq!(
        post(&db, &[release("release", &hold)]).await,
        Ok(Posted::Now)
    );
    assert_eq!(holds(&db, wallet(ALICE)).await, (50, 0));
    for late in [expiry(&hold), capture("late", &hold)] {
        assert_eq!(post(&db, &[late]).await, Err(Refusal::HoldEnded));
    }
    let auditor = stage.superuser().await;
    assert_eq!(broken_rules(&auditor).await, [""; 0]);
}

#[tokio::test]
async fn a_hold_that_has_not_expired_is_posted_and_not_freed() {
    let stage = Stage::new().await;
    let db = stage.db(Service::Matcher).await;
    let expiring = hold(&db).await;
    let lasting = holding("lasting", wallet(ALICE), 10);
    post(&db, std::slice::from_ref(&lasting)).await.unwrap();
    for hold in [&expiring, &lasting] {
        let early = post(&db, &[expiry(hold)]).await;
        assert_eq!(early, Err(Refusal::HoldNotExpired));
    }
    assert_eq!(holds(&db, wallet(ALICE)).await, (50, 20));
    let both = [capture("1", &expiring), capture("2", &lasting)];
    assert_eq!(post(&db, &both).await, Ok(Posted::Now));
    assert_eq!(holds(&db, wallet(ALICE)).await, (30, 0));

    let_expire(&stage.superuser().await, expiring.key.id()).await;
    let ended = post(&db, &[expiry(&expiring)]).await;
    assert_eq!(ended, Err(Refusal::HoldEnded));
    let auditor = stage.superuser().await;
    let expected = ["transfers_are_well_formed"];
    assert_eq!(broken_rules(&auditor).await, expected, "it was bent after");
}

#[tokio::test]
async fn a_hold_that_could_never_be_posted_holds_nothing() {
    let stage = Stage::new().await;
    let db = stage.db(Service::Matcher).await;
    fund(&db, ALICE, 50).await;
    for past in [i64::MIN, 0, now_ms(&db).await] {
        let past = Some(Timestamp::from_ms(past));
        let refused = post(&db, &[holding_until("past", wallet(ALICE), 10, past)]).await;
        assert_eq!(refused, Err(Refusal::HoldExpired), "{past:?}");
    }
    assert_eq!(holds(&db, wallet(ALICE)).await, (50, 0));
}

#[tokio::test]
async fn a_hold_is_answered_as_before_once_it_has_expired() {
    let stage = Stage::new().await;
    let db = stage.db(Service::Matcher).await;
    let hold = expired_hold(&stage, &db).await;
    assert_eq!(
        post(&db, std::slice::from_ref(&hold)).await,
        Ok(Posted::Before)
    );
    let sooner = Some(Timestamp::from_ms(1));
    let other = holding_until("hold", wallet(ALICE), 10, sooner);
    assert_eq!(post(&db, &[other]).await, Err(Refusal::KeyReused));
    let mut about_another = expiry(&hold);
    about_another.reference = ALICE.uuid();
    post(&db, &[expiry(&hold)]).await.unwrap();
    assert_eq!(post(&db, &[about_another]).await, Err(Refusal::KeyReused));
}

#[tokio::test]
async fn nobody_is_in_the_way_of_an_expiry() {
    let stage = Stage::new().await;
    let db = stage.db(Service::Matcher).await;
    let hold = expired_hold(&stage, &db).await;
    let taken = moving(expiry(&hold).key.as_str(), wallet(ALICE), wallet(BOB), 1);
    let renamed = Transfer {
        key: TransferKey::new("another"),
        ..expiry(&hold)
    };
    for wrong in [taken, renamed] {
        let tx = db.begin().await.unwrap();
        let refused = ledger::post(&tx, &[wrong]).await.unwrap_err();
        assert!(matches!(refused, store::Error::Refused(_)), "{refused:?}");
    }
    assert_eq!(post(&db, &[expiry(&hold)]).await, Ok(Posted::Now));
}

#[tokio::test]
async fn what_is_due_is_listed_in_its_order_until_it_has_ended() {
    let stage = Stage::new().await;
    let db = stage.db(Service::Treasury).await;
    fund(&db, ALICE, 50).await;
    let expiring: Vec<_> = (0..5)
        .map(|n| holding_until(format!("{n}"), wallet(ALICE), 1, LATER))
        .collect();
    post(&db, &expiring).await.unwrap();
    post(&db, &[holding("lasting", wallet(ALICE), 1)])
        .await
        .unwrap();
    for due in &expiring[..4] {
        let_expire(&stage.superuser().await, due.key.id()).await;
    }
    post(&db, &[release("freed", &expiring[0])]).await.unwrap();
    post(&db, &[expiry(&expiring[1])]).await.unwrap();

    let first = ledger::list_expired(&db, Page::first(1)).await.unwrap();
    assert!(first.more);
    let behind = Page::after(first.rows[0].place(), 1);
    let second = ledger::list_expired(&db, behind).await.unwrap();
    assert!(!second.more);
    let listed = [&first.rows[0], &second.rows[0]].map(|hold| hold.expiry());
    assert_eq!(listed, [expiry(&expiring[2]), expiry(&expiring[3])]);
    let owner = (first.rows[0].owner_id, first.rows[0].kind.as_str());
    assert_eq!(owner, (ALICE.uuid(), "user"));
}

#[tokio::test]
async fn a_hold_that_is_missing_among_those_that_expire_is_found() {
    let stage = Stage::new().await;
    let db = stage.db(Service::Matcher).await;
    hold(&db).await;
    let auditor = stage.superuser().await;
    assert_eq!(broken_rules(&auditor).await, [""; 0]);
    stage.meddle("DELETE FROM ledger_expiring_holds").await;
    assert_eq!(broken_rules(&auditor).await, ["expiring_holds_are_listed"]);
}

/// Statements that would keep a hold, or free it, against its expiry; `$hold` expires late, `$old`
/// has expired.
const FORBIDDEN: &[(&str, &str)] = &[
    (
        "INSERT INTO ledger_transfers (id, debit_id, credit_id, unit, amount, phase, pending_id,
             kind, reference_id, key, body_hash)
         SELECT gen_random_uuid(), debit_id, '$credit', unit, amount, 'post', id, 'x',
             reference_id, 'x', 'x'
         FROM ledger_transfers WHERE id = '$old'",
        "expected a hold that could be posted, found one that has expired",
    ),
    (
        "INSERT INTO ledger_transfers (id, debit_id, unit, amount, phase, pending_id, kind,
             reference_id, key, body_hash)
         SELECT gen_random_uuid(), debit_id, unit, amount, 'expire', id, 'x', reference_id,
             'hold/' || id || '/expire', 'x'
         FROM ledger_transfers WHERE id = '$hold'",
        "expected a hold that has expired",
    ),
    (
        "INSERT INTO ledger_transfers (id, debit_id, unit, amount, phase, kind, reference_id, key,
             body_hash, expires_at_ms)
         SELECT gen_random_uuid(), debit_id, unit, amount, 'pending', 'x', reference_id, 'x', 'x',
             expires_at_ms
         FROM ledger_transfers WHERE id = '$old'",
        "expected a hold that could be posted, found one that has expired",
    ),
    (
        "INSERT INTO ledger_transfers (id, debit_id, credit_id, unit, amount, phase, kind,
             reference_id, key, body_hash, expires_at_ms)
         SELECT gen_random_uuid(), debit_id, '$credit', unit, amount, 'single', 'x', reference_id,
             'x', 'x', 1
         FROM ledger_transfers WHERE id = '$hold'",
        "ledger_transfers_expires",
    ),
    (
        "INSERT INTO ledger_transfers (id, debit_id, credit_id, unit, amount, phase, pending_id,
             kind, reference_id, key, body_hash, created_at)
         SELECT gen_random_uuid(), debit_id, '$credit', unit, amount, 'post', id, 'x',
             reference_id, 'x', 'x', 'epoch'
         FROM ledger_transfers WHERE id = '$old'",
        "permission denied",
    ),
    (
        "UPDATE ledger_transfers SET expires_at_ms = NULL WHERE id = '$old'",
        "permission denied",
    ),
    (
        "UPDATE ledger_expiring_holds SET expires_at_ms = 1",
        "permission denied",
    ),
    ("DELETE FROM ledger_expiring_holds", "permission denied"),
    (
        "INSERT INTO ledger_expiring_holds VALUES ('$credit', 1)",
        "permission denied",
    ),
    (
        "CREATE FUNCTION public.clock_timestamp() RETURNS timestamptz LANGUAGE sql
             RETURN 'epoch'::timestamptz",
        "permission denied",
    ),
    (
        "CREATE OR REPLACE FUNCTION public.ledger_ms(moment timestamptz) RETURNS numeric
             LANGUAGE sql RETURN 0",
        "permission denied",
    ),
    (
        "SET session_replication_role = replica",
        "permission denied",
    ),
];

#[tokio::test]
async fn no_service_gets_around_an_expiry() {
    let stage = Stage::new().await;
    let matcher = stage.db(Service::Matcher).await;
    let old = expired_hold(&stage, &matcher).await;
    let hold = holding_until("late", wallet(ALICE), 10, LATER);
    let open = moving("open", wallet(ALICE), wallet(BOB), 1);
    post(&matcher, &[hold.clone(), open]).await.unwrap();
    for service in [Service::Matcher, Service::Achievement, Service::Treasury] {
        let db = stage.db(service).await;
        for (sql, expected) in FORBIDDEN {
            let sql = sql
                .replace("$old", &old.key.id().to_string())
                .replace("$hold", &hold.key.id().to_string())
                .replace("$credit", &wallet(BOB).id().to_string());
            let refused = db.connection().execute_unprepared(&sql).await;
            let refused = refused.expect_err(&sql).to_string();
            assert!(refused.contains(expected), "{service}: {sql}: {refused}");
        }
    }
    assert_eq!(holds(&matcher, wallet(ALICE)).await, (49, 20));
}

async fn now_ms(db: &Db) -> i64 {
    let ask = "SELECT floor(ledger_ms(clock_timestamp()))::bigint AS now_ms";
    let ask = Statement::from_string(DbBackend::Postgres, ask);
    let row = db.connection().query_one_raw(ask).await.unwrap().unwrap();
    row.try_get("", "now_ms").unwrap()
}

/// Asks the database for the time until it is `moment_ms`; answers whether it was not yet.
async fn reach(db: &Db, moment_ms: i64) -> bool {
    let mut is_early = false;
    while now_ms(db).await < moment_ms {
        is_early = true;
    }
    is_early
}

/// Lets four post a hold and four free it, from a moment before its expiry to a moment after: one of
/// them does. Answers whether all of them stood ready before, and whether it was posted.
async fn race(db: &Db, hold: &Transfer, expires_at_ms: i64) -> (bool, bool) {
    let tries = (0..8_i32).map(async |n| {
        let is_ready = reach(db, expires_at_ms - 2 + i64::from(n / 2)).await;
        if n % 2 == 0 {
            let key = format!("{}/{n}", hold.key.as_str());
            return (is_ready, (true, post(db, &[capture(&key, hold)]).await));
        }
        loop {
            let freed = post(db, &[expiry(hold)]).await;
            if freed != Err(Refusal::HoldNotExpired) {
                return (is_ready, (false, freed));
            }
        }
    });
    let (ready, outcomes): (Vec<bool>, Vec<_>) = join_all(tries).await.into_iter().unzip();
    let won: Vec<bool> = outcomes
        .iter()
        .filter(|(_, outcome)| *outcome == Ok(Posted::Now))
        .map(|(posts, _)| *posts)
        .collect();
    assert_eq!(won.len(), 1, "{outcomes:?}");
    for (posts, outcome) in &outcomes {
        let fits = match (won[0], posts, outcome) {
            (_, _, Ok(Posted::Now)) => true,
            (true, _, lost) => *lost == Err(Refusal::HoldEnded),
            (false, true, late) => *late == Err(Refusal::HoldExpired),
            (false, false, again) => *again == Ok(Posted::Before),
        };
        assert!(fits, "{outcomes:?}");
    }
    (!ready.contains(&false), won[0])
}

#[tokio::test]
async fn who_posts_and_who_frees_at_the_moment_of_expiry_do_not_both_succeed() {
    /// How often all of them have to stand ready.
    const RACES: usize = 10;
    /// How long the first hold lives, and how long none has to, in milliseconds.
    const LIFE_MS: i64 = 100;
    const LONGEST_LIFE_MS: i64 = 60_000;
    let stage = Stage::new().await;
    let db = stage.db(Service::Matcher).await;
    fund(&db, ALICE, 50).await;
    let (mut races, mut life_ms, mut balance) = (0, LIFE_MS, 50);
    while races < RACES {
        assert!(life_ms < LONGEST_LIFE_MS, "somebody always comes too late");
        let expires_at_ms = now_ms(&db).await + life_ms;
        let expires_at = Some(Timestamp::from_ms(expires_at_ms));
        let hold = holding_until(format!("{expires_at_ms}"), wallet(ALICE), 1, expires_at);
        let all_ready = match post(&db, std::slice::from_ref(&hold)).await {
            Err(Refusal::HoldExpired) => false,
            held => {
                assert_eq!(held, Ok(Posted::Now));
                let (all_ready, posted) = race(&db, &hold, expires_at_ms).await;
                balance -= i64::from(posted);
                all_ready
            }
        };
        assert_eq!(holds(&db, wallet(ALICE)).await, (balance, 0));
        if all_ready {
            races += 1;
        } else {
            // The machine is slow.
            life_ms *= 2;
        }
    }
    let auditor = stage.superuser().await;
    assert_eq!(ledger::check(&auditor).await.unwrap(), []);
}
