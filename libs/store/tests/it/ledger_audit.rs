//! The auditor finds what a superuser bent.

use contracts::Service;
use domain::ledger::{Account, Movement, Transfer, Unit};
use domain::timestamp::Timestamp;
use store::ledger;

use crate::stage::{
    ALICE, BATTLE, BOB, ESCROW, HOUSE, OUTSIDE, Stage, fund, holding, holding_until, moving, post,
    transfer, wallet,
};

/// The rules that the auditor finds broken, once each, in order.
pub(crate) async fn broken_rules(stage: &Stage) -> Vec<String> {
    let auditor = stage.superuser().await;
    let mut rules: Vec<_> = ledger::check(&auditor)
        .await
        .unwrap()
        .into_iter()
        .map(|found| found.rule)
        .collect();
    rules.dedup();
    rules
}

/// A ledger in which something happened, and nothing is wrong.
pub(crate) async fn sound_ledger() -> Stage {
    let stage = Stage::new().await;
    let db = stage.db(Service::Matcher).await;
    fund(&db, ALICE, 50).await;
    let fee = holding("fee", wallet(ALICE), 10);
    let capture = transfer(
        "capture",
        Movement::Post {
            hold: fee.key.id(),
            credit: ESCROW,
        },
    );
    let prize = moving("prize", ESCROW, wallet(BOB), 10);
    post(&db, &[fee]).await.unwrap();
    post(&db, &[capture, prize]).await.unwrap();
    assert_eq!(broken_rules(&stage).await, Vec::<String>::new());
    stage
}

#[tokio::test]
async fn an_edited_balance_is_found() {
    let stage = sound_ledger().await;
    let edit = format!(
        "UPDATE ledger_accounts SET balance = balance + 1 WHERE id = '{}'",
        wallet(ALICE).id()
    );
    stage.meddle(&edit).await;
    assert_eq!(
        broken_rules(&stage).await,
        ["units_sum_to_zero", "balances_follow_from_transfers"]
    );
}

#[tokio::test]
async fn a_balance_that_was_moved_to_another_account_is_found() {
    let stage = sound_ledger().await;
    for (account, amount) in [(wallet(ALICE), -5), (wallet(BOB), 5)] {
        let id = account.id();
        stage
            .meddle(&format!(
                "UPDATE ledger_accounts SET balance = balance + {amount} WHERE id = '{id}'"
            ))
            .await;
    }
    assert_eq!(
        broken_rules(&stage).await,
        ["balances_follow_from_transfers"]
    );
}

pub(crate) fn transfer_with_triggers_disabled(phase: &str, credit: &str, pending: &str) -> String {
    format!(
        "SET session_replication_role = replica;
         INSERT INTO ledger_transfers (id, debit_id, credit_id, unit, amount, phase, pending_id,
             kind, reference_id, key, body_hash)
         VALUES ('00000000-0000-0000-0000-0000000000ff', '{}', {credit}, 'USDT', 7, '{phase}',
             {pending}, 'x', '{BATTLE}', 'x', 'x');
         SET session_replication_role = DEFAULT;",
        wallet(ALICE).id()
    )
}

#[tokio::test]
async fn a_transfer_that_moved_nothing_is_found() {
    let stage = sound_ledger().await;
    let credit = format!("'{}'", wallet(BOB).id());
    stage
        .meddle(&transfer_with_triggers_disabled("single", &credit, "NULL"))
        .await;
    assert_eq!(
        broken_rules(&stage).await,
        [
            "balances_follow_from_transfers",
            "entries_follow_from_transfers"
        ]
    );
}

#[tokio::test]
async fn a_transfer_into_another_unit_is_found() {
    let stage = sound_ledger().await;
    let sol = "11111111-1111-1111-1111-111111111111";
    stage
        .meddle(&format!(
            "INSERT INTO ledger_accounts (id, owner_id, kind, unit) VALUES ('{sol}', '{sol}', 'house', 'SOL')"
        ))
        .await;
    stage
        .meddle(&transfer_with_triggers_disabled(
            "single",
            &format!("'{sol}'"),
            "NULL",
        ))
        .await;
    assert!(
        broken_rules(&stage)
            .await
            .contains(&"transfers_are_well_formed".to_owned())
    );
}

#[tokio::test]
async fn a_hold_without_a_ticket_is_found() {
    let stage = sound_ledger().await;
    let db = stage.db(Service::Matcher).await;
    let stray = holding("stray", wallet(ALICE), 10);
    post(&db, std::slice::from_ref(&stray)).await.unwrap();
    let found = ledger::check(&stage.superuser().await).await.unwrap();
    let told: Vec<_> = found.iter().map(ToString::to_string).collect();
    let (hold, account) = (stray.key.id(), wallet(ALICE).id());
    let rule = "holds_have_a_reason";
    let expected = [
        format!(
            "{rule}: hold {hold}: expected a ticket or a withdrawal that waits, found test of 10 and \
             no reason"
        ),
        format!(
            "{rule}: account {account}: expected held 0 for tickets and withdrawals that wait, found \
             held 10"
        ),
    ];
    assert_eq!(told, expected);
}

#[tokio::test]
async fn a_hold_that_holds_nothing_back_is_found() {
    // What the house has may fall below zero, so that nothing of it can be held.
    let stage = sound_ledger().await;
    let db = stage.db(Service::Matcher).await;
    let hold = holding("house", HOUSE, 10);
    post(&db, &[hold]).await.unwrap();
    assert_eq!(broken_rules(&stage).await, ["holds_have_a_reason"]);
}

/// A ledger in which a ticket of ALICE's waits, and holds its fee of 10.
pub(crate) async fn waiting_ticket() -> (Stage, Transfer) {
    let stage = Stage::new().await;
    let db = stage.db(Service::Matcher).await;
    fund(&db, ALICE, 50).await;
    let fee = holding("fee", wallet(ALICE), 10);
    post(&db, std::slice::from_ref(&fee)).await.unwrap();
    let hold = fee.key.id();
    stage
        .meddle(&format!(
            "INSERT INTO users (id, email, nick_name) VALUES ('{ALICE}', 'alice@test', 'alice');
             INSERT INTO games (id, is_active, current_version) VALUES ('{BATTLE}', true, 1);
             INSERT INTO game_versions (game_id, version, template)
             VALUES ('{BATTLE}', 1, '{{\"entry_fee_minor\": 10}}');
             INSERT INTO tickets (id, game_id, game_version, player_id, status, hold_id, cups,
                 queued_at_ms, expires_at_ms)
             VALUES ('{BATTLE}', '{BATTLE}', 1, '{ALICE}', 'QUEUED', '{hold}', 0, 1, 2)"
        ))
        .await;
    assert_eq!(broken_rules(&stage).await, Vec::<String>::new());
    (stage, fee)
}

#[tokio::test]
async fn a_ticket_without_its_hold_is_found() {
    let (stage, fee) = waiting_ticket().await;
    let hold = fee.key.id();
    let release = transfer("release", Movement::Void { hold });
    let db = stage.db(Service::Matcher).await;
    post(&db, &[release]).await.unwrap();
    assert_eq!(broken_rules(&stage).await, ["holds_have_a_reason"]);
    // Nor is one that names no hold where there is a fee.
    stage.meddle("UPDATE tickets SET hold_id = NULL").await;
    assert_eq!(broken_rules(&stage).await, ["holds_have_a_reason"]);
    stage.meddle("UPDATE tickets SET status = 'LEFT'").await;
    assert_eq!(broken_rules(&stage).await, Vec::<String>::new());
}

#[tokio::test]
async fn a_hold_of_another_amount_than_the_fee_is_found() {
    let (stage, fee) = waiting_ticket().await;
    stage
        .meddle("UPDATE game_versions SET template = '{\"entry_fee_minor\": 11}'")
        .await;
    let found = ledger::check(&stage.superuser().await).await.unwrap();
    let told: Vec<_> = found.iter().map(ToString::to_string).collect();
    let hold = fee.key.id();
    let expected = format!(
        "holds_have_a_reason: hold {hold}: expected 11 for ticket {BATTLE}, found test of 10"
    );
    assert_eq!(told, [expected]);
}

/// A ledger in which a withdrawal of 10 of ALICE's waits.
pub(crate) async fn waiting_withdrawal() -> Stage {
    let stage = Stage::new().await;
    let db = stage.db(Service::Treasury).await;
    fund(&db, ALICE, 50).await;
    let later = Timestamp::from_ms(i64::MAX);
    post(
        &db,
        &[holding_until("hold", wallet(ALICE), 10, Some(later))],
    )
    .await
    .unwrap();
    stage
        .meddle(&format!(
            "INSERT INTO users (id, email, nick_name) VALUES ('{ALICE}', 'alice@test', 'alice');
             INSERT INTO withdrawals (id, user_id, currency, amount, address, status, expires_at_ms)
             VALUES ('{BATTLE}', '{ALICE}', 'USDT', 10, 'somewhere', 'APPROVED', 1)"
        ))
        .await;
    assert_eq!(broken_rules(&stage).await, Vec::<String>::new());
    stage
}

#[tokio::test]
async fn a_hold_of_another_amount_than_the_withdrawal_is_found() {
    let stage = waiting_withdrawal().await;
    stage.meddle("UPDATE withdrawals SET amount = 9").await;
    assert_eq!(broken_rules(&stage).await, ["holds_have_a_reason"]);
}

#[tokio::test]
async fn an_escrow_that_does_not_cover_its_withdrawal_is_found() {
    let stage = waiting_withdrawal().await;
    let hold = holding("hold", wallet(ALICE), 10).key.id();
    let credit = ESCROW;
    let capture = transfer("capture", Movement::Post { hold, credit });
    let db = stage.db(Service::Treasury).await;
    post(&db, &[capture]).await.unwrap();
    stage
        .meddle("UPDATE withdrawals SET status = 'SENDING'")
        .await;
    assert_eq!(broken_rules(&stage).await, Vec::<String>::new());
    // Less than it is to pay, and more once it has ended.
    stage.meddle("UPDATE withdrawals SET amount = 11").await;
    assert_eq!(broken_rules(&stage).await, ["escrows_cover_withdrawals"]);
    stage
        .meddle("UPDATE withdrawals SET amount = 10, status = 'FAILED', reason = 'none'")
        .await;
    assert_eq!(broken_rules(&stage).await, ["escrows_cover_withdrawals"]);
    let back = moving("back", ESCROW, wallet(ALICE), 10);
    post(&db, &[back]).await.unwrap();
    assert_eq!(broken_rules(&stage).await, Vec::<String>::new());
}

/// What is kept of the card that ALICE took into the battle.
pub(crate) const CARD_ESCROW: Account = Account::escrow(BATTLE, Unit::LeverageCard);

/// A ledger in which ALICE and BOB are in an open battle, which keeps their fees of 10 each and three
/// uses of a card.
pub(crate) async fn open_battle() -> Stage {
    let stage = Stage::new().await;
    let db = stage.db(Service::Matcher).await;
    let lot = Account::lot(ALICE, Unit::LeverageCard, None);
    let cards = Account::outside(Unit::LeverageCard);
    let into = [
        moving("fees", OUTSIDE, ESCROW, 20),
        moving("card", cards, lot, 3),
        moving("uses", lot, CARD_ESCROW, 3),
    ];
    post(&db, &into).await.unwrap();
    stage
        .meddle(&format!(
            "INSERT INTO users (id, email, nick_name)
             VALUES ('{ALICE}', 'alice@test', 'alice'), ('{BOB}', 'bob@test', 'bob');
             INSERT INTO games (id, is_active, current_version) VALUES ('{BATTLE}', true, 1);
             INSERT INTO game_versions (game_id, version, template) VALUES ('{BATTLE}', 1, '{{}}');
             INSERT INTO battles (id, game_id, game_version, template, origin, status, ranked, shard,
                 start_time_ms, end_time_ms, clock_offset_ns)
             VALUES ('{BATTLE}', '{BATTLE}', 1, '{{\"currency\": \"USDT\", \"entry_fee_minor\": 10}}',
                 'QUEUE', 'OPEN', true, 0, 1, 2, 0);
             INSERT INTO seats (battle_id, number, participant_id, player_id, cups, experience)
             VALUES ('{BATTLE}', 1, '{ALICE}', '{ALICE}', 0, 0),
                 ('{BATTLE}', 2, '{BOB}', '{BOB}', 0, 0);
             INSERT INTO seat_items (battle_id, player_id, lot_id, unit, moved)
             VALUES ('{BATTLE}', '{ALICE}', '{}', 'LEVERAGE_CARD', 3)",
            lot.id()
        ))
        .await;
    assert_eq!(broken_rules(&stage).await, Vec::<String>::new());
    stage
}

#[tokio::test]
async fn an_entry_that_was_rewritten_is_found() {
    let stage = sound_ledger().await;
    stage
        .meddle(&format!(
            "SET session_replication_role = replica;
             UPDATE ledger_entries SET balance_after = balance_after + 1
             WHERE account_id = '{}' AND number = 1;
             SET session_replication_role = DEFAULT;",
            wallet(ALICE).id()
        ))
        .await;
    assert_eq!(broken_rules(&stage).await, ["entries_add_up"]);
}

#[tokio::test]
async fn every_difference_is_told_with_its_subject() {
    let stage = sound_ledger().await;
    stage
        .meddle("UPDATE ledger_accounts SET balance = balance + 3 WHERE kind = 'user'")
        .await;
    let auditor = stage.superuser().await;
    let found = ledger::check(&auditor).await.unwrap();
    assert_eq!(found.len(), 3, "{found:?}");
    let alice = found
        .iter()
        .find(|found| found.subject.contains(&ALICE.to_string()))
        .unwrap();
    assert_eq!(alice.expected, "balance 40, held 0");
    assert_eq!(alice.found, "balance 43, held 0");
}
