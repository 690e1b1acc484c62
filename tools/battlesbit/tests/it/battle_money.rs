//! `battlesbit ledger battle`: fees = prizes + house, by what moved.

use contracts::Service;
use domain::id::{BattleId, UserId};
use domain::ledger::{Account, Movement, Transfer, TransferKey, Unit};
use sea_orm::ConnectionTrait;
use serde_json::json;
use store::ledger;
use uuid::Uuid;

use crate::operator::Operator;

const ADA: UserId = UserId::new(Uuid::from_u128(1));
const BOB: UserId = UserId::new(Uuid::from_u128(2));
const BATTLE: BattleId = BattleId::new(Uuid::from_u128(3));
const GAME: Uuid = Uuid::from_u128(4);

const FEE: i64 = 10_000_000;
const PRIZE: i64 = 18_000_000;

fn wallet(user: UserId) -> Account {
    Account::user(user, Unit::Usdt)
}

/// The game of the rules' worked example.
fn template() -> serde_json::Value {
    json!({
        "title": "Duel", "description": "", "cover": "", "currency": "USDT", "is_active": true,
        "duration_ms": 60_000, "countdown_ms": 3_000, "min_players": 2, "max_players": 2,
        "max_positions": 10, "start_balance": 10_000_000_000_i64, "entry_fee_minor": FEE,
        "assets": [{ "symbol": "BTCUSDT", "price_step": 1_000_000 }], "max_leverage": 100,
        "fee_bps": 0, "maintenance_bps": 0, "fill_delay_ms": 250, "card_uses": 10,
        "prize": { "fixed": { "amount_minor": PRIZE, "house_funded": false } },
        "cup": 10, "win_exp": 50, "lose_exp": 10, "items": [], "cup_band": null,
        "fill_wait_ms": 5_000, "queue_ttl_ms": 60_000,
    })
}

/// A closed battle of two, won by Ada.
async fn closed_battle(operator: &Operator) {
    let rows = format!(
        "INSERT INTO users (id, email, nick_name) VALUES ('{ADA}', 'ada@example.org', 'ada'),
             ('{BOB}', 'bob@example.org', 'bob');
         INSERT INTO games (id, is_active, current_version) VALUES ('{GAME}', true, 1);
         INSERT INTO game_versions (game_id, version, template) VALUES ('{GAME}', 1, '{template}');
         INSERT INTO battles (id, game_id, game_version, template, origin, status, ranked, shard,
             start_time_ms, end_time_ms, clock_offset_ns)
         VALUES ('{BATTLE}', '{GAME}', 1, '{template}', 'QUEUE', 'CLOSED', true, 0, 0, 60000, 0);
         INSERT INTO seats (battle_id, number, participant_id, player_id, cups, experience, prize)
         VALUES ('{BATTLE}', 1, '{ADA}', '{ADA}', 0, 0, {PRIZE}),
             ('{BATTLE}', 2, '{BOB}', '{BOB}', 0, 0, 0);",
        template = template(),
    );
    operator
        .superuser()
        .await
        .connection()
        .execute_unprepared(&rows)
        .await
        .unwrap();
}

async fn moves(operator: &Operator, debit: Account, credit: Account, amount: i64) {
    let db = operator.db(Service::Matcher).await;
    let tx = db.begin().await.unwrap();
    let key = TransferKey::new(format!("{}/{}", debit.id(), credit.id()));
    let movement = Movement::Move {
        debit,
        credit,
        amount,
    };
    let transfer = Transfer {
        key,
        kind: "test",
        reference: BATTLE.uuid(),
        movement,
    };
    ledger::post(&tx, &[transfer]).await.unwrap().unwrap();
    tx.commit().await.unwrap();
}

async fn fees_are_paid(operator: &Operator) {
    let escrow = Account::escrow(BATTLE.uuid(), Unit::Usdt);
    for player in [ADA, BOB] {
        moves(
            operator,
            Account::outside(Unit::Usdt),
            wallet(player),
            50_000_000,
        )
        .await;
        moves(operator, wallet(player), escrow, FEE).await;
    }
}

#[tokio::test]
async fn a_battle_that_was_paid_in_full_passes() {
    let operator = Operator::new().await;
    closed_battle(&operator).await;
    fees_are_paid(&operator).await;
    let escrow = Account::escrow(BATTLE.uuid(), Unit::Usdt);
    moves(&operator, escrow, wallet(ADA), PRIZE).await;
    moves(
        &operator,
        escrow,
        Account::house(Unit::Usdt),
        2 * FEE - PRIZE,
    )
    .await;
    let ran = operator
        .runs(&["ledger", "battle", &BATTLE.to_string()])
        .await;
    assert!(ran.succeeded, "{ran:?}");
    assert_eq!(
        ran.said,
        "fees 20 USDT + from the house 0 USDT = to players 18 USDT + to the house 2 USDT\n"
    );
}

#[tokio::test]
async fn a_prize_that_was_not_paid_and_what_is_left_are_named() {
    let operator = Operator::new().await;
    closed_battle(&operator).await;
    fees_are_paid(&operator).await;
    let ran = operator
        .runs(&["ledger", "battle", &BATTLE.to_string()])
        .await;
    assert!(!ran.succeeded);
    assert!(
        ran.said
            .contains("expected 18 USDT to players, found 0 USDT"),
        "{ran:?}"
    );
    assert!(
        ran.said
            .contains("expected an empty escrow, found 20000000 of USDT"),
        "{ran:?}"
    );
    let audit = operator.runs(&["ledger", "check"]).await;
    assert!(audit.said.contains("escrows_are_settled"), "{audit:?}");
}

#[tokio::test]
async fn fees_that_were_never_paid_are_named() {
    let operator = Operator::new().await;
    closed_battle(&operator).await;
    let ran = operator
        .runs(&["ledger", "battle", &BATTLE.to_string()])
        .await;
    assert!(!ran.succeeded);
    assert!(
        ran.said.contains("expected fees of 20 USDT, found 0 USDT"),
        "{ran:?}"
    );
}
