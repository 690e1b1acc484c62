//! What is crooked is found: in a record, and in the ledger.

use bots::game;

use crate::duel::{Duel, filled, order, terms};
use crate::fleet::{Fleet, battlesbit};

#[tokio::test]
async fn an_exported_record_verifies_alone_and_one_changed_byte_is_named() {
    let fleet = Fleet::start().await;
    let Duel { a, battle, .. } = Duel::open(&fleet, 12).await;
    let bought = order(&a, &battle, terms("BUY", 2)).await;
    filled(&fleet, &a, &bought, "95").await;
    game::ended(&a.api, &battle).await.unwrap();

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("battle.record");
    fleet
        .battlesbit(&["export", &battle, "--out", path.to_str().unwrap()])
        .await;
    let verify = async || {
        battlesbit(&["verify", path.to_str().unwrap()])
            .output()
            .await
            .unwrap()
    };
    let good = verify().await;
    assert!(
        good.status.success(),
        "{}",
        String::from_utf8_lossy(&good.stderr)
    );

    let record = std::fs::read_to_string(&path).unwrap();
    let fill = record
        .lines()
        .position(|line| line.contains("9500000000"))
        .unwrap();
    std::fs::write(&path, record.replacen("9500000000", "9500000001", 1)).unwrap();
    let bad = verify().await;
    let said = String::from_utf8_lossy(&[bad.stdout, bad.stderr].concat()).into_owned();
    assert!(!bad.status.success(), "{said}");
    assert!(said.contains(&format!("line {}", fill + 1)), "{said}");
}

#[tokio::test]
async fn a_crooked_row_of_the_ledger_is_found() {
    let fleet = Fleet::start().await;
    let a = fleet.player("a").await;
    assert_eq!(a.balance().await, "50");
    fleet.battlesbit(&["ledger", "check"]).await;
    fleet
        .execute(
            "SET session_replication_role = replica;
             INSERT INTO ledger_transfers
                 (id, debit_id, credit_id, unit, amount, phase, kind, reference_id, key, body_hash)
             SELECT gen_random_uuid(), debit_id, credit_id, unit, 1, 'single', 'gift',
                 gen_random_uuid(), 'crooked', 'crooked'
             FROM ledger_transfers WHERE unit = 'USDT' AND phase = 'single' LIMIT 1;
             SET session_replication_role = DEFAULT",
        )
        .await;
    let check = fleet.try_battlesbit(&["ledger", "check"]).await;
    assert!(
        !check.status.success(),
        "{}",
        String::from_utf8_lossy(&check.stdout)
    );
}
