//! `battlesbit verify` and `battlesbit export`: a record speaks for itself.

use std::path::Path;

use domain::record::{self, Report};
use sea_orm::{ConnectionTrait, DbBackend, Statement};
use tempfile::TempDir;
use tokio::process::Command;

use crate::operator::{Operator, Ran};

/// A record that the rules' own tests keep.
const RECORD: &[u8] = include_bytes!("../../../../libs/domain/src/record/golden.record");

fn report() -> Report {
    record::verify(RECORD).unwrap()
}

/// Verifies a file in a process that is told of nothing else.
async fn verify_alone(record: &[u8]) -> Ran {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("battle.record");
    std::fs::write(&file, record).unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_battlesbit"))
        .arg("verify")
        .arg(&file)
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
        "INSERT INTO audit_records (battle_id, sha256, record) VALUES ($1, $2, $3)",
        vec![
            battle.uuid().into(),
            sha256.clone().into(),
            RECORD.to_vec().into(),
        ],
    )
    .await
    .unwrap();
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
async fn the_first_line_that_differs_is_named() {
    let mut changed = RECORD.to_vec();
    let second = changed.iter().position(|byte| *byte == b'\n').unwrap() + 1;
    changed[second + 20] ^= 1;
    let ran = verify_alone(&changed).await;
    assert!(!ran.succeeded);
    assert!(ran.said.starts_with("line 2: "), "{ran:?}");
}

#[tokio::test]
async fn what_is_no_record_and_no_battle_is_refused() {
    let operator = Operator::new().await;
    let ran = operator.runs(&["verify", "nothing"]).await;
    assert!(!ran.succeeded);
    assert!(
        ran.complained
            .contains("expected the file of a record or a battle's id"),
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
    assert!(!ran.succeeded);
    assert!(
        ran.complained.contains("the sealed result is not the one"),
        "{ran:?}"
    );
}
