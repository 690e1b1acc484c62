//! What is crooked is found: in a record, and in the ledger.

use bots::game;
use serde_json::{Value, json};

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
    assert!(good.status.success(), "{good:?}");

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

const RECORD: &str = "query Record($id: ID!) {
    gameMatch(id: $id) { record { sha256 size url } }
}";

#[tokio::test]
async fn a_third_party_without_an_account_downloads_a_record_and_verifies_it() {
    let fleet = Fleet::start().await;
    let Duel { a, battle, .. } = Duel::open(&fleet, 12).await;
    let told = async || {
        let told = a.api.run(RECORD, json!({ "id": battle })).await.unwrap();
        told["gameMatch"]["record"].clone()
    };
    let url = format!("{}/records/{battle}", fleet.origin());
    let download = async || reqwest::get(&url).await.unwrap();
    let bought = order(&a, &battle, terms("BUY", 2)).await;
    filled(&fleet, &a, &bought, "95").await;
    assert_eq!(told().await, Value::Null);
    assert_eq!(download().await.status(), 404);
    game::ended(&a.api, &battle).await.unwrap();

    let told = told().await;
    let record = download().await.bytes().await.unwrap();
    assert_eq!(told["url"], format!("/records/{battle}"));
    assert_eq!(told["size"], record.len().to_string());
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("battle.record");
    std::fs::write(&path, &record).unwrap();
    let sha256 = told["sha256"].as_str().unwrap();
    for source in [path.to_str().unwrap(), &url] {
        let verified = battlesbit(&["verify", source, "--sha256", sha256]).output();
        let verified = verified.await.unwrap();
        let said = String::from_utf8_lossy(&verified.stdout);
        assert!(verified.status.success(), "{source}: {said}");
        assert!(said.contains("none missing"), "{said}");
    }
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
