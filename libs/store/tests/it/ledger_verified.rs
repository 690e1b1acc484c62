//! What was added to the ledger is checked without what was there before, and nothing is passed over.

use contracts::Service;
use domain::ledger::{Account, Movement, Unit};
use sea_orm::{ConnectionTrait as _, DbBackend, Statement};
use store::Db;
use store::ledger::{self, End, Posted, Verified};

use crate::ledger_audit::{
    CARD_ESCROW, broken_rules, open_battle, sound_ledger, transfer_with_triggers_disabled,
    waiting_ticket, waiting_withdrawal,
};
use crate::stage::{
    ALICE, BATTLE, BOB, ESCROW, HOUSE, OUTSIDE, Stage, holding, moving, post, transfer, wallet,
};

/// Everything that is there is verified; nobody inserts.
async fn begin(db: &Db) -> Verified {
    let end = End::of(db).await.unwrap();
    Verified::begin(db, &end).await.unwrap().unwrap()
}

/// The rules that are found broken, once each, in order.
async fn found(verified: &mut Verified, db: &Db) -> Vec<String> {
    let found = verified.check(db).await.unwrap();
    let mut rules: Vec<_> = found.into_iter().map(|found| found.rule).collect();
    rules.dedup();
    rules
}

const NONE: [&str; 0] = [];

/// Checks that what was added is in order, until it is all verified.
async fn catch_up(verified: &mut Verified, db: &Db) {
    // What is added is known to be the end once it was seen, and to be settled at the look behind that.
    for _ in 0..2 {
        assert_eq!(found(verified, db).await, NONE);
    }
    assert_eq!(verified.number(), number(db, "true").await);
}

/// One number.
async fn number(db: &Db, of: &str) -> i64 {
    let find = format!("SELECT max(number) AS n FROM ledger_transfers WHERE {of}");
    ask(db, &find).await
}

async fn ask(db: &Db, sql: &str) -> i64 {
    let ask = Statement::from_string(DbBackend::Postgres, sql.to_owned());
    let row = db.connection().query_one_raw(ask).await.unwrap();
    row.unwrap().try_get("", "n").unwrap()
}

/// Changes what no trigger lets anybody change.
async fn rewrite(stage: &Stage, sql: &str) {
    let all = format!(
        "SET session_replication_role = replica; {sql}; SET session_replication_role = DEFAULT;"
    );
    stage.meddle(&all).await;
}

#[tokio::test]
async fn what_commits_behind_others_with_higher_numbers_is_verified() {
    let stage = sound_ledger().await;
    let db = stage.db(Service::Treasury).await;
    let slow = stage.superuser().await;
    let mut verified = begin(&db).await;

    let late = moving("late", wallet(ALICE), wallet(BOB), 1);
    let going_on = slow.begin().await.unwrap();
    let posted = ledger::post(&going_on, std::slice::from_ref(&late)).await;
    assert_eq!(posted.unwrap(), Ok(Posted::Now));
    let early = moving("early", OUTSIDE, HOUSE, 5);
    assert_eq!(post(&db, &[early]).await, Ok(Posted::Now));
    let before = verified.number();
    for _ in 0..4 {
        assert_eq!(found(&mut verified, &db).await, NONE);
    }
    // It does not end behind what is still to come.
    assert_eq!(verified.number(), before);
    let end = End::of(&db).await.unwrap();
    assert_eq!(Verified::begin(&db, &end).await.unwrap(), None);
    going_on.commit().await.unwrap();
    let (late_number, last) = (number(&db, "key = 'late'").await, number(&db, "true").await);
    assert!(before < late_number && late_number < last);

    let id = late.key.id();
    let bend = |by: i32| {
        format!("UPDATE ledger_entries SET amount = amount + {by} WHERE transfer_id = '{id}'")
    };
    rewrite(&stage, &bend(1)).await;
    for _ in 0..3 {
        assert_eq!(
            found(&mut verified, &db).await,
            ["entries_follow_from_transfers", "entries_add_up"]
        );
    }
    assert_eq!(verified.number(), before);
    rewrite(&stage, &bend(-1)).await;
    catch_up(&mut verified, &db).await;
}

/// A ledger of which all is verified but what was added then, which is in order.
async fn added() -> (Stage, Db, Verified) {
    let stage = sound_ledger().await;
    let db = stage.db(Service::Treasury).await;
    let verified = begin(&db).await;
    let fee = holding("fee/2", wallet(ALICE), 10);
    let hold = fee.key.id();
    post(&db, &[fee]).await.unwrap();
    let release = transfer("release", Movement::Void { hold });
    let gift = moving("gift", HOUSE, wallet(BOB), 3);
    let loan = moving("loan", wallet(ALICE), wallet(BOB), 4);
    post(&db, &[release, gift, loan]).await.unwrap();
    (stage, db, verified)
}

/// Whatever is done to what was added is found, again and again, and only as long as it is there.
async fn is_found(edit: &str, undo: &str, rules: &[&str]) {
    let (stage, db, mut verified) = added().await;
    rewrite(&stage, edit).await;
    for _ in 0..3 {
        assert_eq!(found(&mut verified, &db).await, rules, "{edit}");
    }
    rewrite(&stage, undo).await;
    catch_up(&mut verified, &db).await;
    assert_eq!(broken_rules(&stage).await, NONE);
}

fn of_account(account: Account, change: &str) -> String {
    let id = account.id();
    format!("UPDATE ledger_accounts SET {change} WHERE id = '{id}'")
}

#[tokio::test]
async fn a_balance_that_was_edited_is_found() {
    let rules = ["units_sum_to_zero", "balances_follow_from_transfers"];
    is_found(
        &of_account(wallet(ALICE), "balance = balance + 1"),
        &of_account(wallet(ALICE), "balance = balance - 1"),
        &rules,
    )
    .await;
    let stripes = |by: i32| format!("UPDATE ledger_stripes SET balance = balance + {by}");
    is_found(&stripes(1), &stripes(-1), &rules).await;
}

#[tokio::test]
async fn a_balance_that_was_given_to_another_account_is_found() {
    let give = |amount: i32| {
        let from = of_account(wallet(ALICE), &format!("balance = balance - {amount}"));
        let to = of_account(wallet(BOB), &format!("balance = balance + {amount}"));
        format!("{from}; {to}")
    };
    let rules = ["balances_follow_from_transfers"];
    is_found(&give(5), &give(-5), &rules).await;
}

#[tokio::test]
async fn a_held_part_or_a_count_that_was_edited_is_found() {
    let held = |held| of_account(wallet(ALICE), &format!("held = {held}"));
    let rules = ["holds_have_a_reason", "balances_follow_from_transfers"];
    is_found(&held(1), &held(0), &rules).await;
    let count = |by| of_account(wallet(BOB), &format!("entries = entries + {by}"));
    let rules = ["balances_follow_from_transfers"];
    is_found(&count(1), &count(-1), &rules).await;
}

#[tokio::test]
async fn a_transfer_that_moved_nothing_is_found() {
    let gone = "DELETE FROM ledger_transfers WHERE key = 'x'";
    let to_bob = format!("'{}'", wallet(BOB).id());
    is_found(
        &transfer_with_triggers_disabled("single", &to_bob, "NULL"),
        gone,
        &[
            "balances_follow_from_transfers",
            "entries_follow_from_transfers",
        ],
    )
    .await;
    // Nobody has entries of what the house and the world outside do among themselves.
    let outside = format!(
        "INSERT INTO ledger_transfers (id, debit_id, credit_id, unit, amount, phase, kind,
             reference_id, key, body_hash)
         VALUES ('00000000-0000-0000-0000-0000000000ff', '{}', '{}', 'USDT', 7, 'single', 'x',
             '{BATTLE}', 'x', 'x')",
        OUTSIDE.id(),
        HOUSE.id()
    );
    is_found(&outside, gone, &["balances_follow_from_transfers"]).await;
}

#[tokio::test]
async fn a_transfer_that_was_rewritten_is_found() {
    let amount =
        |amount: i32| format!("UPDATE ledger_transfers SET amount = {amount} WHERE key = 'loan'");
    let rules = ["entries_follow_from_transfers"];
    is_found(&amount(5), &amount(4), &rules).await;
}

#[tokio::test]
async fn an_entry_that_was_rewritten_added_or_removed_is_found() {
    let loan = moving("loan", wallet(ALICE), wallet(BOB), 4).key.id();
    let gift = moving("gift", HOUSE, wallet(BOB), 3).key.id();
    let rest = |by: i32| {
        format!(
            "UPDATE ledger_entries SET balance_after = balance_after + {by}
             WHERE transfer_id = '{gift}'"
        )
    };
    is_found(&rest(1), &rest(-1), &["entries_add_up"]).await;

    let nothing = "00000000-0000-0000-0000-0000000000ee";
    let of_bob = wallet(BOB).id();
    is_found(
        &format!(
            "INSERT INTO ledger_entries
             SELECT account_id, number + 1, '{nothing}', 0, 0, balance_after, held_after
             FROM ledger_entries WHERE transfer_id = '{loan}' AND account_id = '{of_bob}'"
        ),
        &format!("DELETE FROM ledger_entries WHERE transfer_id = '{nothing}'"),
        &[
            "balances_follow_from_transfers",
            "entries_follow_from_transfers",
        ],
    )
    .await;

    is_found(
        &format!(
            "CREATE TABLE taken AS SELECT * FROM ledger_entries WHERE transfer_id = '{gift}';
             DELETE FROM ledger_entries WHERE transfer_id = '{gift}'"
        ),
        "INSERT INTO ledger_entries SELECT * FROM taken",
        &["entries_follow_from_transfers", "entries_add_up"],
    )
    .await;
}

#[tokio::test]
async fn a_transfer_into_another_unit_is_found() {
    let (stage, db, mut verified) = added().await;
    let sol = Account::house(Unit::Sol).id();
    stage
        .meddle(&format!(
            "INSERT INTO ledger_accounts (id, owner_id, kind, unit)
             VALUES ('{sol}', '{sol}', 'house', 'SOL')"
        ))
        .await;
    let into = transfer_with_triggers_disabled("single", &format!("'{sol}'"), "NULL");
    stage.meddle(&into).await;
    let rules = found(&mut verified, &db).await;
    assert!(rules.contains(&"transfers_are_well_formed".to_owned()));
}

#[tokio::test]
async fn a_hold_without_a_reason_is_found_however_old_it_is() {
    let (stage, fee) = waiting_ticket().await;
    let db = stage.db(Service::Treasury).await;
    let mut verified = begin(&db).await;
    catch_up(&mut verified, &db).await;
    stage.meddle("UPDATE tickets SET status = 'LEFT'").await;
    let rules = ["holds_have_a_reason"];
    assert_eq!(found(&mut verified, &db).await, rules);
    assert_eq!(found(&mut verified, &db).await, rules);
    stage.meddle("UPDATE tickets SET status = 'QUEUED'").await;
    catch_up(&mut verified, &db).await;
    let another = "UPDATE game_versions SET template = '{\"entry_fee_minor\": 11}'";
    stage.meddle(another).await;
    assert_eq!(found(&mut verified, &db).await, rules);
    let same = "UPDATE game_versions SET template = '{\"entry_fee_minor\": 10}'";
    stage.meddle(same).await;
    let hold = fee.key.id();
    let release = transfer("release", Movement::Void { hold });
    post(&db, &[release]).await.unwrap();
    assert_eq!(found(&mut verified, &db).await, rules);
}

#[tokio::test]
async fn an_expiring_hold_that_is_not_listed_is_found_however_old_it_is() {
    let stage = waiting_withdrawal().await;
    let db = stage.db(Service::Treasury).await;
    let mut verified = begin(&db).await;
    catch_up(&mut verified, &db).await;
    let take = "CREATE TABLE taken AS SELECT * FROM ledger_expiring_holds;
        DELETE FROM ledger_expiring_holds";
    stage.meddle(take).await;
    let rules = ["expiring_holds_are_listed"];
    assert_eq!(found(&mut verified, &db).await, rules);
    let twice = "INSERT INTO ledger_expiring_holds SELECT * FROM taken;
        INSERT INTO ledger_expiring_holds SELECT gen_random_uuid(), expires_at_ms FROM taken";
    stage.meddle(twice).await;
    assert_eq!(found(&mut verified, &db).await, rules);
}

#[tokio::test]
async fn an_escrow_that_does_not_cover_its_withdrawal_is_found_however_old_it_is() {
    let stage = waiting_withdrawal().await;
    let db = stage.db(Service::Treasury).await;
    let hold = holding("hold", wallet(ALICE), 10).key.id();
    let credit = ESCROW;
    let capture = transfer("capture", Movement::Post { hold, credit });
    post(&db, &[capture]).await.unwrap();
    let sending = "UPDATE withdrawals SET status = 'SENDING'";
    stage.meddle(sending).await;
    let mut verified = begin(&db).await;
    catch_up(&mut verified, &db).await;
    let rules = ["escrows_cover_withdrawals"];
    for change in [
        "amount = 11",
        "amount = 10, status = 'FAILED', reason = 'none'",
    ] {
        let change = format!("UPDATE withdrawals SET {change}");
        stage.meddle(&change).await;
        assert_eq!(found(&mut verified, &db).await, rules);
        assert_eq!(broken_rules(&stage).await, rules);
    }
}

/// What is told of the escrows of the battle, by its unit.
async fn told(verified: &mut Verified, db: &Db, rule: &str) -> Vec<String> {
    let found = verified.check(db).await.unwrap();
    let told = found.into_iter().map(|it| {
        assert_eq!(it.rule, rule, "{it}");
        let of = format!(" of battle {BATTLE}");
        let subject = it.subject.strip_suffix(&of).unwrap();
        format!("{subject}: {}, not {}", it.expected, it.found)
    });
    told.collect()
}

#[tokio::test]
async fn an_escrow_that_does_not_cover_its_open_battle_is_found_however_old_it_is() {
    let stage = open_battle().await;
    let db = stage.db(Service::Treasury).await;
    let mut verified = begin(&db).await;
    catch_up(&mut verified, &db).await;
    let template = |more: &str| format!("UPDATE battles SET template = template || '{more}'");
    for (change, undo, differences) in [
        (
            template(r#"{"entry_fee_minor": 11}"#),
            template(r#"{"entry_fee_minor": 10}"#),
            &["escrow USDT: 22, not 20"][..],
        ),
        (
            template(r#"{"currency": "SOL"}"#),
            template(r#"{"currency": "USDT"}"#),
            &["escrow SOL: 20, not 0", "escrow USDT: 0, not 20"],
        ),
        (
            template(r#"{"prize": {"fixed": {"house_funded": true, "amount_minor": 25}}}"#),
            template(r#"{"prize": {"fixed": {"house_funded": false, "amount_minor": 25}}}"#),
            &["escrow USDT: 25, not 20"],
        ),
        (
            "UPDATE seat_items SET moved = 4".to_owned(),
            "UPDATE seat_items SET moved = 3".to_owned(),
            &["escrow LEVERAGE_CARD: 4, not 3"],
        ),
        (
            "UPDATE battles SET status = 'SETTLING';
             CREATE TABLE taken AS SELECT * FROM seat_items; DELETE FROM seat_items"
                .to_owned(),
            "INSERT INTO seat_items SELECT * FROM taken".to_owned(),
            &["escrow LEVERAGE_CARD: 0, not 3"],
        ),
    ] {
        let rule = "escrows_cover_open_battles";
        stage.meddle(&change).await;
        assert_eq!(
            told(&mut verified, &db, rule).await,
            differences,
            "{change}"
        );
        assert_eq!(broken_rules(&stage).await, [rule], "{change}");
        stage.meddle(&undo).await;
        catch_up(&mut verified, &db).await;
    }
    let taken = moving("taken", ESCROW, HOUSE, 1);
    post(&db, &[taken]).await.unwrap();
    let less = ["escrow USDT: 20, not 19"];
    for _ in 0..2 {
        let found = told(&mut verified, &db, "escrows_cover_open_battles").await;
        assert_eq!(found, less);
    }
}

#[tokio::test]
async fn an_escrow_that_its_ended_battle_has_left_something_in_is_found_however_old_it_is() {
    let stage = open_battle().await;
    let db = stage.db(Service::Treasury).await;
    let mut verified = begin(&db).await;
    catch_up(&mut verified, &db).await;
    let rule = "escrows_are_settled";
    for (status, is) in [("CLOSED", "closed"), ("CANCELED", "canceled")] {
        let end = format!("UPDATE battles SET status = '{status}'");
        stage.meddle(&end).await;
        let differences = [("LEVERAGE_CARD", 3), ("USDT", 20)]
            .map(|(unit, left)| format!("escrow {unit}: 0 once the battle is {is}, not {left}"));
        assert_eq!(told(&mut verified, &db, rule).await, differences);
        assert_eq!(broken_rules(&stage).await, [rule]);
    }
    let lot = Account::lot(ALICE, Unit::LeverageCard, None);
    let paid = moving("paid", ESCROW, wallet(BOB), 20);
    let returned = moving("returned", CARD_ESCROW, lot, 3);
    post(&db, &[paid, returned]).await.unwrap();
    catch_up(&mut verified, &db).await;
    assert_eq!(broken_rules(&stage).await, NONE);
}

#[tokio::test]
async fn an_edit_of_what_is_verified_is_found_by_its_sums_by_what_follows_or_by_the_whole_check() {
    let (stage, db, mut verified) = added().await;
    catch_up(&mut verified, &db).await;
    // By its sums.
    let more = of_account(wallet(ALICE), "balance = balance + 1");
    rewrite(&stage, &more).await;
    let rules = ["units_sum_to_zero", "balances_follow_from_transfers"];
    assert_eq!(found(&mut verified, &db).await, rules);
    // By the whole check alone.
    let less = of_account(wallet(BOB), "balance = balance - 1");
    rewrite(&stage, &less).await;
    assert_eq!(found(&mut verified, &db).await, NONE);
    let rules = ["balances_follow_from_transfers"];
    assert_eq!(broken_rules(&stage).await, rules);
    // By what follows: the account's next entry does not stand behind its last one.
    let next = moving("next", wallet(ALICE), HOUSE, 1);
    post(&db, &[next]).await.unwrap();
    assert_eq!(found(&mut verified, &db).await, ["entries_add_up"]);

    let (stage, db, mut verified) = added().await;
    catch_up(&mut verified, &db).await;
    let rules = [
        "balances_follow_from_transfers",
        "entries_follow_from_transfers",
    ];
    for edit in [
        "UPDATE ledger_transfers SET amount = 5 WHERE key = 'loan'",
        "DELETE FROM ledger_transfers WHERE key = 'loan'",
    ] {
        rewrite(&stage, edit).await;
        assert_eq!(found(&mut verified, &db).await, NONE);
        assert_eq!(broken_rules(&stage).await, rules);
    }
}

/// How many rows of transfers and entries `db` has read so far, over its one connection, and how often
/// from end to end.
async fn read(stage: &Stage, db: &Db) -> (i64, i64) {
    // Statistics are written with the end of a statement that asks for it.
    let flush = "SELECT pg_stat_force_next_flush()";
    db.connection().execute_unprepared(flush).await.unwrap();
    let of = "FROM pg_stat_user_tables WHERE relname IN ('ledger_transfers', 'ledger_entries')";
    let superuser = stage.superuser().await;
    let rows = format!("SELECT sum(seq_tup_read + idx_tup_fetch)::bigint AS n {of}");
    let scans = format!("SELECT sum(seq_scan)::bigint AS n {of}");
    (ask(&superuser, &rows).await, ask(&superuser, &scans).await)
}

/// Lets every one of these users be paid once more.
async fn pay_all(stage: &Stage, round: u32) {
    let outside = OUTSIDE.id();
    stage
        .meddle(&format!(
            "INSERT INTO ledger_transfers (id, debit_id, credit_id, unit, amount, phase, kind,
                 reference_id, key, body_hash)
             SELECT gen_random_uuid(), '{outside}', id, 'USDT', 1, 'single', 'test', id,
                 id || '/{round}', 'x'
             FROM ledger_accounts WHERE kind = 'user' AND unit = 'USDT'"
        ))
        .await;
}

#[tokio::test]
async fn a_check_reads_as_much_of_a_long_ledger_as_of_a_short_one() {
    const ADDED: i64 = 100;
    let stage = sound_ledger().await;
    stage
        .meddle(
            "INSERT INTO ledger_accounts (id, owner_id, kind, unit)
             SELECT gen_random_uuid(), gen_random_uuid(), 'user', 'USDT'
             FROM generate_series(1, 5000)",
        )
        .await;
    let mut rounds = 0..;
    let mut pay = async |times: usize| {
        for round in rounds.by_ref().take(times) {
            pay_all(&stage, round).await;
        }
        for table in ["ledger_accounts", "ledger_transfers", "ledger_entries"] {
            stage.meddle(&format!("VACUUM ANALYZE {table}")).await;
        }
    };
    let db = stage.db_on(stage.port()).await;
    let mut of_checks = Vec::new();
    for times in [2, 6] {
        pay(times).await;
        let mut verified = begin(&db).await;
        for n in 0..ADDED {
            let gift = moving(format!("gift/{times}/{n}"), HOUSE, wallet(BOB), 1);
            post(&db, &[gift]).await.unwrap();
        }
        let before = read(&stage, &db).await;
        assert_eq!(found(&mut verified, &db).await, NONE);
        let after = read(&stage, &db).await;
        assert_eq!(after.1, before.1, "something was read from end to end");
        of_checks.push(after.0 - before.0);
    }
    assert_eq!(of_checks[0], of_checks[1]);
    assert!(of_checks[0] < 20 * ADDED, "{of_checks:?}");
    assert_eq!(broken_rules(&stage).await, NONE);
}

#[tokio::test]
async fn numbers_are_taken_one_by_one() {
    // Numbers that a connection has taken in advance would come below others without being waited for.
    let stage = Stage::new().await;
    let sequence = "SELECT seqcache AS n FROM pg_sequence
        WHERE seqrelid = pg_get_serial_sequence('ledger_transfers', 'number')::regclass";
    assert_eq!(ask(&stage.superuser().await, sequence).await, 1);
}
