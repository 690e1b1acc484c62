//! What is crooked is found: in a record, and in the ledger.

use std::fmt::Debug;
use std::str::FromStr;

use bots::game;
use domain::chips::Chips;
use domain::price::Price;
use serde_json::{Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::duel::{Duel, filled, order, terms, trade_at};
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

/// What the API and the record say of one position.
fn agree(position: &Value, steps: &[Value]) {
    let steps: Vec<_> = steps
        .iter()
        .filter(|step| step["position"] == position["id"])
        .collect();
    let [fill, exit] = steps.as_slice() else {
        panic!("a fill and an exit: {steps:?}");
    };
    let price = |step: &Value| units(&step["tick"]["price"]);
    assert_eq!(fill["status"], "OPEN");
    assert_eq!(price(fill), shown::<Price>(&position["entryPrice"]).units());
    assert_eq!(exit["status"], position["status"]);
    assert_eq!(price(exit), shown::<Price>(&position["closePrice"]).units());
    let profit = shown::<Chips>(&position["profit"]).units();
    assert_eq!(units(&exit["profit"]), profit);
    let closed_at = position["closedAt"].as_str().unwrap();
    let closed_at = OffsetDateTime::parse(closed_at, &Rfc3339).unwrap();
    assert_eq!(
        i128::from(units(&exit["time"])) * 1_000_000,
        closed_at.unix_timestamp_nanos()
    );
}

fn units(value: &Value) -> i64 {
    value.as_i64().unwrap()
}

fn shown<T: FromStr<Err: Debug>>(value: &Value) -> T {
    value.as_str().unwrap().parse().unwrap()
}

const RECORD: &str = "query Record($id: ID!) {
    gameMatch(id: $id) { record { sha256 size url } }
}";

#[tokio::test]
async fn a_third_party_without_an_account_downloads_a_record_and_finds_in_it_what_players_see() {
    let fleet = Fleet::start().await;
    let Duel { a, b, battle } = Duel::open(&fleet, 15).await;
    let told = async || {
        let told = a.api.run(RECORD, json!({ "id": battle })).await.unwrap();
        told["gameMatch"]["record"].clone()
    };
    let url = format!("{}/records/{battle}", fleet.origin());
    let download = async || reqwest::get(&url).await.unwrap();
    let bought = order(&a, &battle, terms("BUY", 2)).await;
    filled(&fleet, &a, &bought, "95").await;
    let sold = order(&b, &battle, terms("SELL", 3)).await;
    filled(&fleet, &b, &sold, "95.01").await;
    trade_at(&fleet, &a, "97.3").await;
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
    let verified = battlesbit(&["verify", &url, "--json"]).output();
    let verified: Value = serde_json::from_slice(&verified.await.unwrap().stdout).unwrap();
    let steps = verified["positions"].as_array().unwrap();
    assert_eq!(steps.len(), 4);
    agree(&a.position(&bought).await, steps);
    agree(&b.position(&sold).await, steps);
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
