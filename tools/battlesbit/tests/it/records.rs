//! `battlesbit verify` and `battlesbit export`: a record speaks for itself.

use std::path::Path;

use domain::record::{self, Report};
use sea_orm::{ConnectionTrait, DbBackend, Statement};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::process::Command;

use crate::operator::{Operator, Ran};

/// A record that the rules' own tests keep.
const RECORD: &[u8] = include_bytes!("../../../../libs/domain/src/record/golden/duel.record");
/// A record of one order, which the format's page shows.
const MINIATURE: &[u8] =
    include_bytes!("../../../../libs/domain/src/record/golden/miniature.record");
/// A record with commands, entries and ends of every kind.
const EVERYTHING: &[u8] =
    include_bytes!("../../../../libs/domain/src/record/golden/everything.record");
/// How long the parts are in which it is kept here, but the last: lines go on across their borders.
const PART_LEN: usize = 1_000;
/// The page of the format.
const PAGE: &str = include_str!("../../../../docs/record.md");

fn report() -> Report {
    record::verify(RECORD).unwrap()
}

/// Verifies a file in a process that is told of nothing else.
async fn verify_alone(record: &[u8]) -> Ran {
    verify_with(record, &[]).await
}

/// The same with further arguments.
async fn verify_with(record: &[u8], arguments: &[&str]) -> Ran {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("battle.record");
    std::fs::write(&file, record).unwrap();
    let mut all = vec!["verify", file.to_str().unwrap()];
    all.extend(arguments);
    run_alone(&all).await
}

/// Runs the program with an environment that leads nowhere.
async fn run_alone(arguments: &[&str]) -> Ran {
    let output = Command::new(env!("CARGO_BIN_EXE_battlesbit"))
        .args(arguments)
        .env_clear()
        .output()
        .await
        .unwrap();
    Ran::from(output)
}

/// A battle that was sealed with the record.
async fn sealed(operator: &Operator) -> String {
    let Report {
        terms,
        result,
        hash,
        ..
    } = report();
    let template = serde_json::to_string(&terms.template).unwrap();
    let (battle, game, terms_json) = (
        terms.battle,
        terms.game,
        serde_json::to_string(&terms).unwrap(),
    );
    let rows = format!(
        "INSERT INTO games (id, is_active, current_version) VALUES ('{game}', true, 1);
         INSERT INTO game_versions (game_id, version, template) VALUES ('{game}', 1, '{template}');
         INSERT INTO battles (id, game_id, game_version, template, origin, status, ranked, shard,
             start_time_ms, end_time_ms, clock_offset_ns)
         VALUES ('{battle}', '{game}', 1, '{template}', 'QUEUE', 'SETTLING', true, 0, 0, 60000, 0);
         INSERT INTO arena_battles (battle_id, shard, terms, status, log_number, accepted, finals,
             result)
         VALUES ('{battle}', 0, '{terms_json}', 'FINAL', 1, 0, '[]', '{{}}');"
    );
    let superuser = operator.superuser().await;
    let db = superuser.connection();
    db.execute_unprepared(&rows).await.unwrap();
    let keep = |sql: &str, values: Vec<sea_orm::Value>| {
        db.execute_raw(Statement::from_sql_and_values(
            DbBackend::Postgres,
            sql,
            values,
        ))
    };
    let sha256 = hex::encode(hash.0);
    keep(
        "INSERT INTO audit_records (battle_id, sha256, size) VALUES ($1, $2, $3)",
        vec![
            battle.uuid().into(),
            sha256.clone().into(),
            i64::try_from(RECORD.len()).unwrap().into(),
        ],
    )
    .await
    .unwrap();
    for (bytes, part) in RECORD.chunks(PART_LEN).zip(0_i32..) {
        keep(
            "INSERT INTO audit_record_parts (battle_id, part, bytes) VALUES ($1, $2, $3)",
            vec![battle.uuid().into(), part.into(), bytes.to_vec().into()],
        )
        .await
        .unwrap();
    }
    keep(
        "INSERT INTO battle_results (battle_id, result, record_sha256) VALUES ($1, $2, $3)",
        vec![
            battle.uuid().into(),
            serde_json::to_value(&result).unwrap().into(),
            sha256.into(),
        ],
    )
    .await
    .unwrap();
    battle.to_string()
}

#[tokio::test]
async fn a_record_is_verified_by_its_file_alone() {
    let ran = verify_alone(RECORD).await;
    assert!(ran.succeeded, "{ran:?}");
    let battle = report().terms.battle;
    assert!(
        ran.said
            .contains(&format!("battle {battle} reproduces its result")),
        "{ran:?}"
    );
}

#[tokio::test]
async fn verification_says_what_it_checked_as_the_formats_page_shows() {
    let ran = verify_with(MINIATURE, &["--positions"]).await;
    assert!(ran.succeeded, "{ran:?}");
    assert!(
        PAGE.contains(&format!("```text\n{}```\n", ran.said)),
        "docs/record.md does not show this:\n{}",
        ran.said
    );
    let without = verify_alone(MINIATURE).await.said;
    let added = ran.said.strip_prefix(&without).unwrap();
    assert_eq!(added.matches("  position   ").count(), 2, "{added}");
    assert_eq!(added.lines().count(), 2, "{added}");
    let ran = verify_alone(EVERYTHING).await;
    for line in [
        "  trades     none missing\n",
        "  commands   13, each with the outcome that the rules give: 10 accepted, 3 refused\n",
        "  fills      5\n",
    ] {
        assert!(ran.said.contains(line), "{}", ran.said);
    }
}

#[tokio::test]
async fn a_program_is_told_in_json() {
    let ran = verify_with(EVERYTHING, &["--json"]).await;
    let told: Value = serde_json::from_str(&ran.said).unwrap();
    assert_eq!(told["verified"], true);
    assert_eq!(told["rules"], record::RULES);
    assert_eq!(told["commands"], 13);
    assert_eq!(told["counts"]["gaps"], 1);
    assert_eq!(told["counts"]["ends"]["liquidation"], 1);
    assert_eq!(told["result"]["standings"][0]["number"], 0);

    let changed = String::from_utf8_lossy(EVERYTHING).replacen(":9500000000", ":9500000001", 1);
    let ran = verify_with(changed.as_bytes(), &["--json"]).await;
    assert_eq!(ran.code, Some(1));
    let told: Value = serde_json::from_str(&ran.said).unwrap();
    assert_eq!(told["verified"], false);
    assert_eq!(told["line"], 2);
    assert!(told["finding"].as_str().unwrap().contains("check"));
}

/// The contents of a record's lines, without their checks.
fn contents(record: &[u8]) -> Vec<&str> {
    let lines = str::from_utf8(record).unwrap().lines();
    lines.map(|line| line.rsplit_once(' ').unwrap().0).collect()
}

/// A record of these contents under checks that fit.
fn resealed<S: AsRef<str>>(contents: &[S]) -> String {
    let mut forged = String::new();
    for (line, number) in contents.iter().zip(1..) {
        forged.push_str(&format!("{} ", line.as_ref()));
        let check = hex::encode(Sha256::digest(&forged));
        let len = if number == contents.len() { 64 } else { 16 };
        forged.push_str(&format!("{}\n", &check[..len]));
    }
    forged
}

/// A record without its line that contains `needle`, under checks that fit.
fn without(record: &[u8], needle: &str) -> String {
    let mut left = contents(record);
    left.retain(|line| !line.contains(needle));
    let seal = format!("{{\"seal\":{{\"lines\":{}}}}}", left.len());
    let last = left.len() - 1;
    left[last] = &seal;
    resealed(&left)
}

/// Each forgery of the duel is named by its line where the chain is as it was, and by the first
/// line that the rules give otherwise where the chain is made anew.
#[tokio::test]
async fn a_removed_tick_an_altered_price_and_a_reordered_command_are_named() {
    let record = str::from_utf8(RECORD).unwrap();
    let lines: Vec<_> = record.split_inclusive('\n').collect();
    let tick = "\"price\":9800000000,\"time\":1000300";
    let at = lines.iter().position(|line| line.contains(tick)).unwrap();
    let removed = [&lines[..at], &lines[at + 1..]].concat().concat();
    let altered = record.replacen(tick, "\"price\":9700000000,\"time\":1000300", 1);
    let mut reordered = lines.clone();
    reordered.swap(2, 3);
    let reordered = reordered.concat();
    let anew = |forged: &str| resealed(&contents(forged.as_bytes()));
    let line = format!("line {}: expected the check", at + 1);
    for (forged, named, given) in [
        (&removed, line.as_str(), ""),
        (
            &without(RECORD, tick),
            "line 7: the rules give",
            "POSITION_NOT_OPEN",
        ),
        (&altered, line.as_str(), ""),
        (
            &anew(&altered),
            "line 13: the rules give",
            "\"equity\":10082474226",
        ),
        (&reordered, "line 3: expected the check", ""),
        (&anew(&reordered), "line 3: the rules give", "\"number\":2}"),
    ] {
        let ran = verify_alone(forged.as_bytes()).await;
        assert_eq!(ran.code, Some(1), "{ran:?}");
        assert!(ran.said.starts_with(named), "{named}: {ran:?}");
        assert!(ran.said.contains(given), "{given}: {ran:?}");
    }
}

#[tokio::test]
async fn every_fill_and_exit_is_told_to_programs_and_where_it_is_asked_for() {
    let json = verify_with(EVERYTHING, &["--json"]).await;
    let told: Value = serde_json::from_str(&json.said).unwrap();
    let told = told["positions"].as_array().unwrap();
    let steps = record::verify(EVERYTHING).unwrap().steps;
    assert_eq!(told.len(), steps.len());
    let liquidated = told.iter().find(|step| step["status"] == "LIQUIDATED");
    let tick = json!({ "trade": 9, "price": 9_300_000_000_u64, "time": 1_000_900 });
    let expected = json!({
        "position": "00000000-0000-0000-0000-00000000d003",
        "player": "00000000-0000-0000-0000-00000000a001",
        "symbol": "BTCUSDT", "side": "BUY", "status": "LIQUIDATED", "cause": "liquidation",
        "time": 1_000_900, "tick": tick, "profit": -1_000_000_000,
    });
    assert_eq!(liquidated, Some(&expected));

    let text = verify_with(EVERYTHING, &["--positions"]).await.said;
    let lines: Vec<_> = text
        .lines()
        .filter(|line| line.starts_with("  position "))
        .collect();
    assert_eq!(lines.len(), steps.len());
    for (line, step) in lines.iter().zip(&steps) {
        assert!(line.contains(&step.position.to_string()), "{line}");
        assert_eq!(
            line.contains(": filled at "),
            step.cause.is_none(),
            "{line}"
        );
    }
    for end in [
        "SELL ETHUSDT: closed by stop loss at 101, trade 5, 1000650 ms, profit -1.89473685 chips",
        "BUY BTCUSDT: canceled by cancel, 1000900 ms",
        "BUY BTCUSDT: liquidated at 93, trade 9, 1000900 ms, profit -10 chips",
    ] {
        assert!(
            lines.iter().any(|line| line.ends_with(end)),
            "{end}:\n{text}"
        );
    }
}

#[tokio::test]
async fn a_fill_that_was_altered_without_another_result_is_seen_by_its_player() {
    let forged = str::from_utf8(MINIATURE).unwrap().replacen(
        ":9500000000,\"time\":1000150",
        ":9500000001,\"time\":1000150",
        1,
    );
    let forged = resealed(&contents(forged.as_bytes()));
    let ran = verify_with(forged.as_bytes(), &["--positions"]).await;
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(
        ran.said.contains(": filled at 95.00000001, trade 2,"),
        "{ran:?}"
    );
}

#[tokio::test]
async fn a_record_without_a_trade_that_changed_nothing_does_not_verify() {
    let forged = without(EVERYTHING, "\"reason\":\"rejected\"");
    let ran = verify_alone(forged.as_bytes()).await;
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert!(ran.said.contains("1 of BTCUSDT from 8 on"), "{ran:?}");
    let ran = verify_with(forged.as_bytes(), &["--json"]).await;
    let told: Value = serde_json::from_str(&ran.said).unwrap();
    assert_eq!(told["verified"], false);
    assert_eq!(told["counts"]["removed_trades"][0]["first"], 8);
}

#[tokio::test]
async fn a_record_that_verifies_under_another_hash_is_refused() {
    let hash = report().hash.to_string();
    let ran = verify_with(RECORD, &["--sha256", &hash]).await;
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let ran = verify_with(MINIATURE, &["--sha256", &hash]).await;
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert!(ran.said.contains(&hash), "{ran:?}");
}

#[tokio::test]
async fn a_record_is_fetched_by_its_address() {
    let server = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = server.local_addr().unwrap();
    let serving = async {
        for answer in [
            format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n", RECORD.len()),
            "HTTP/1.1 404 Not Found\r\n".to_owned(),
        ] {
            let body = if answer.contains("200") { RECORD } else { b"" };
            serve(&server, &answer, body).await;
        }
    };
    let running = async {
        let url = format!("http://{address}/records/x");
        let found = run_alone(&["verify", &url]).await;
        (found, run_alone(&["verify", &url]).await)
    };
    let ((), (found, missing)) = tokio::join!(serving, running);
    assert_eq!(found.code, Some(0), "{found:?}");
    assert_eq!(missing.code, Some(2), "{missing:?}");
    assert!(missing.complained.contains("404"), "{missing:?}");
}

/// Answers one request.
async fn serve(server: &TcpListener, head: &str, body: &[u8]) {
    let (mut client, _) = server.accept().await.unwrap();
    let mut asked = Vec::new();
    while !asked.ends_with(b"\r\n\r\n") {
        asked.push(client.read_u8().await.unwrap());
    }
    let answer = format!("{head}connection: close\r\n\r\n");
    client.write_all(answer.as_bytes()).await.unwrap();
    client.write_all(body).await.unwrap();
}

#[tokio::test]
async fn the_first_line_that_differs_is_named() {
    let mut changed = RECORD.to_vec();
    let second = changed.iter().position(|byte| *byte == b'\n').unwrap() + 1;
    changed[second + 20] ^= 1;
    let ran = verify_alone(&changed).await;
    assert!(!ran.succeeded);
    assert!(ran.said.starts_with("line 2: "), "{ran:?}");
}

#[tokio::test]
async fn a_record_cannot_command_the_terminal_that_shows_what_is_wrong_with_it() {
    let ran = verify_alone(b"{\"\x1b[2J\":0} \x1b[2J\n").await;
    assert_eq!(ran.code, Some(1));
    assert!(ran.said.starts_with("line 1: "), "{ran:?}");
    assert!(!ran.said.contains('\x1b'), "{ran:?}");
}

#[tokio::test]
async fn what_is_no_record_and_no_battle_is_refused() {
    let operator = Operator::new().await;
    let ran = operator.runs(&["verify", "nothing"]).await;
    assert_eq!(ran.code, Some(2));
    assert!(
        ran.complained
            .contains("expected the file of a record, its address or a battle's id"),
        "{ran:?}"
    );
    let unknown = uuid::Uuid::from_u128(1).to_string();
    let ran = operator.runs(&["verify", &unknown]).await;
    assert!(
        ran.complained.contains("the battle has no record yet"),
        "{ran:?}"
    );
}

#[tokio::test]
async fn an_exported_record_is_the_one_that_was_sealed() {
    let operator = Operator::new().await;
    let battle = sealed(&operator).await;
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("battle.record");
    let out = |file: &Path| file.to_str().unwrap().to_owned();
    let ran = operator
        .runs(&["export", &battle, "--out", &out(&file)])
        .await;
    assert!(ran.succeeded, "{ran:?}");
    assert_eq!(std::fs::read(&file).unwrap(), RECORD);
    let said = format!("{} bytes, sha256 {}\n", RECORD.len(), report().hash);
    assert_eq!(ran.said, said);
}

#[tokio::test]
async fn a_record_that_lacks_a_part_is_not_passed_off_as_whole() {
    let operator = Operator::new().await;
    let battle = sealed(&operator).await;
    let superuser = operator.superuser().await;
    let lose = "DELETE FROM audit_record_parts WHERE part = 1";
    let db = superuser.connection();
    db.execute_unprepared(lose).await.unwrap();
    let folder = TempDir::new().unwrap();
    let out = folder.path().join("battle.record");
    let export = ["export", &battle, "--out", out.to_str().unwrap()];
    for arguments in [export.as_slice(), &["verify", &battle]] {
        let ran = operator.runs(arguments).await;
        assert!(!ran.succeeded, "{ran:?}");
        assert!(ran.complained.contains("has no part 1"), "{ran:?}");
    }
}

#[tokio::test]
async fn a_record_that_is_not_the_sealed_one_does_not_pass_by_the_battles_id() {
    let operator = Operator::new().await;
    let battle = sealed(&operator).await;
    let ran = operator.runs(&["verify", &battle]).await;
    assert!(ran.succeeded, "{ran:?}");

    let other = "UPDATE battle_results SET result = jsonb_set(result, '{house_minor}', '1')";
    operator
        .superuser()
        .await
        .connection()
        .execute_unprepared(other)
        .await
        .unwrap();
    let ran = operator.runs(&["verify", &battle]).await;
    assert_eq!(ran.code, Some(1));
    assert!(
        ran.said.contains("the sealed result is not the one"),
        "{ran:?}"
    );
}
