//! `battlesbit ledger`.

use contracts::Service;
use domain::id::UserId;
use domain::ledger::{Account, Movement, Transfer, TransferKey, Unit};
use sea_orm::ConnectionTrait;
use store::ledger;
use uuid::Uuid;

use crate::operator::Operator;

const ADA: UserId = UserId::new(Uuid::from_u128(1));

async fn funded() -> Operator {
    let operator = Operator::new().await;
    let db = operator.db(Service::Treasury).await;
    let tx = db.begin().await.unwrap();
    let movement = Movement::Move {
        debit: Account::outside(Unit::Usdt),
        credit: Account::user(ADA, Unit::Usdt),
        amount: 50,
    };
    let key = TransferKey::new("fund");
    let funding = Transfer {
        key,
        kind: "test",
        reference: ADA.uuid(),
        movement,
    };
    ledger::post(&tx, &[funding]).await.unwrap().unwrap();
    tx.commit().await.unwrap();
    operator
}

#[tokio::test]
async fn a_sound_ledger_passes() {
    let operator = funded().await;
    let ran = operator.runs(&["ledger", "check"]).await;
    assert!(ran.succeeded && ran.said.contains("balances"), "{ran:?}");
}

#[tokio::test]
async fn a_crooked_row_fails_and_is_named() {
    let operator = funded().await;
    let superuser = operator.superuser().await;
    let crooked = "UPDATE ledger_accounts SET balance = 51 WHERE kind = 'user'";
    superuser
        .connection()
        .execute_unprepared(crooked)
        .await
        .unwrap();
    let ran = operator.runs(&["ledger", "check"]).await;
    assert!(!ran.succeeded);
    assert!(
        ran.said.contains("balances_follow_from_transfers"),
        "{ran:?}"
    );
    assert!(ran.said.contains(&ADA.to_string()), "{ran:?}");
    let ran = operator.runs(&["ledger", "check", "--json"]).await;
    let report: serde_json::Value = serde_json::from_str(&ran.said).unwrap();
    assert!(!ran.succeeded);
    assert_eq!(report["balanced"], false);
    assert_eq!(
        report["differences"].as_array().unwrap().len(),
        2,
        "{report}"
    );
}

#[tokio::test]
async fn a_battle_that_does_not_exist_is_told_in_one_line() {
    let operator = Operator::new().await;
    let ran = operator.runs(&["ledger", "battle", &ADA.to_string()]).await;
    assert!(!ran.succeeded);
    assert_eq!(ran.complained, "there is no such battle\n");
}
