//! Audit records are for everybody, once the match is over.

use std::io::Read as _;

use domain::id::BattleId;
use flate2::read::GzDecoder;
use reqwest::{Method, StatusCode};
use sea_orm::{ConnectionTrait as _, DbBackend, Statement};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::client::{Client, json_of};
use crate::stage::Stage;

/// How long the parts of the records are, but the last: lines go on across their borders.
const PART_LEN: usize = 100_000;
const LINES: usize = 9_000;
const RECORD: &str = "query($id: ID!) { gameMatch(id: $id) { record { sha256 size url } } }";

/// A match of Ann's that stands so, and its record.
struct Scene {
    stage: Stage,
    ann: Client,
    battle: BattleId,
    record: Vec<u8>,
    sha256: String,
}

impl Scene {
    async fn new(status: &str) -> Self {
        let stage = Stage::new().await;
        let ann = stage.signed_in("ann@example.com").await;
        let game = stage.game("Duel").await;
        let battle = stage.battle(&game, &[&ann.id().await], status).await;
        let lines = (0..LINES).map(|line| format!("{{\"line\":{line}}} {:064x}\n", line * line));
        let record = lines.collect::<String>().into_bytes();
        let sha256 = hex::encode(Sha256::digest(&record));
        let scene = Self {
            stage,
            ann,
            battle,
            record,
            sha256,
        };
        scene.keep().await;
        scene
    }

    async fn keep(&self) {
        let size = i64::try_from(self.record.len()).unwrap();
        self.run(
            "INSERT INTO audit_records (battle_id, sha256, size) VALUES ($1, $2, $3)",
            [
                self.battle.uuid().into(),
                self.sha256.clone().into(),
                size.into(),
            ],
        )
        .await;
        for (bytes, part) in self.record.chunks(PART_LEN).zip(0_i32..) {
            self.run(
                "INSERT INTO audit_record_parts (battle_id, part, bytes) VALUES ($1, $2, $3)",
                [
                    self.battle.uuid().into(),
                    part.into(),
                    bytes.to_vec().into(),
                ],
            )
            .await;
        }
    }

    async fn run(&self, sql: &str, values: [sea_orm::Value; 3]) {
        let statement = Statement::from_sql_and_values(DbBackend::Postgres, sql, values);
        let db = self.stage.db.connection();
        db.execute_raw(statement).await.unwrap();
    }

    fn path(&self) -> String {
        format!("/records/{}", self.battle)
    }

    async fn told(&self) -> Value {
        let told = self.ann.ask(RECORD, json!({ "id": self.battle })).await;
        told.data()["gameMatch"]["record"].clone()
    }
}

#[tokio::test]
async fn nobody_sees_the_record_of_a_match_that_is_not_over() {
    for status in ["OPEN", "SETTLING"] {
        let scene = Scene::new(status).await;
        assert_eq!(scene.told().await, Value::Null);
        let staff = scene.stage.staff("admin").await;
        for client in [&scene.ann, &staff, &scene.stage.client()] {
            let answer = client.get(&scene.path()).send().await.unwrap();
            assert_eq!(answer.status(), StatusCode::NOT_FOUND);
            let error = &json_of(answer).await["errors"][0];
            assert_eq!(error["extensions"]["code"], "NOT_FOUND");
            assert!(error["extensions"]["traceId"].is_string());
        }
    }
}

#[tokio::test]
async fn a_third_party_downloads_the_record_that_a_player_was_told_of() {
    for status in ["CLOSED", "CANCELED"] {
        let scene = Scene::new(status).await;
        let told = scene.told().await;
        assert_eq!(told["sha256"], scene.sha256);
        assert_eq!(told["size"], scene.record.len().to_string());
        assert_eq!(told["url"], scene.path());
        let anybody = scene.stage.client();
        let answer = anybody.get(&scene.path()).send().await.unwrap();
        let length = answer.headers()["content-length"].to_str().unwrap();
        assert_eq!(length, scene.record.len().to_string());
        assert!(answer.bytes().await.unwrap() == scene.record);
    }
}

#[tokio::test]
async fn a_match_without_a_record_has_none() {
    let scene = Scene::new("CANCELED").await;
    scene
        .stage
        .script("DELETE FROM audit_record_parts; DELETE FROM audit_records")
        .await;
    assert_eq!(scene.told().await, Value::Null);
    for path in [scene.path(), "/records/nothing".to_owned()] {
        let answer = scene.ann.get(&path).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::NOT_FOUND);
    }
}

#[tokio::test]
async fn a_record_is_packed_for_whoever_asks_and_never_sent_twice() {
    let scene = Scene::new("CLOSED").await;
    let get = || scene.stage.client().get(&scene.path());
    let packed = get()
        .header("accept-encoding", "gzip")
        .send()
        .await
        .unwrap();
    assert_eq!(packed.headers()["content-encoding"], "gzip");
    assert_eq!(packed.headers()["vary"], "accept-encoding");
    let weak = packed.headers()["etag"].to_str().unwrap().to_owned();
    assert_eq!(weak, format!("W/\"{}\"", scene.sha256));
    let packed = packed.bytes().await.unwrap();
    assert!(packed.len() < scene.record.len());
    let mut record = Vec::new();
    GzDecoder::new(packed.as_ref())
        .read_to_end(&mut record)
        .unwrap();
    assert!(record == scene.record);

    let plain = get().send().await.unwrap();
    let strong = plain.headers()["etag"].to_str().unwrap().to_owned();
    assert_eq!(strong, format!("\"{}\"", scene.sha256));
    let caching = plain.headers()["cache-control"].to_str().unwrap();
    assert!(caching.contains("immutable"), "{caching}");
    for known in [weak, strong] {
        let again = get().header("if-none-match", known).send().await.unwrap();
        assert_eq!(again.status(), StatusCode::NOT_MODIFIED);
        assert!(again.bytes().await.unwrap().is_empty());
    }
}

#[tokio::test]
async fn a_record_of_more_bytes_than_an_int_holds_is_told_in_full() {
    let scene = Scene::new("CLOSED").await;
    let grow = "UPDATE audit_records SET size = 5000000000";
    scene.stage.script(grow).await;
    assert_eq!(scene.told().await["size"], "5000000000");
    let url = format!("http://{}{}", scene.stage.address, scene.path());
    let client = reqwest::Client::new();
    let answer = client.request(Method::HEAD, url).send().await.unwrap();
    assert_eq!(answer.headers()["content-length"], "5000000000");
    // It has no such part: whoever waits for it is not told that this was all.
    let answer = scene.stage.client().get(&scene.path()).send().await;
    assert!(answer.unwrap().bytes().await.is_err());
}

#[tokio::test]
async fn a_record_can_be_asked_about_without_its_bytes() {
    let scene = Scene::new("CLOSED").await;
    let url = format!("http://{}{}", scene.stage.address, scene.path());
    let client = reqwest::Client::new();
    let answer = client.request(Method::HEAD, url).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    let length = answer.headers()["content-length"].to_str().unwrap();
    assert_eq!(length, scene.record.len().to_string());
    assert!(answer.bytes().await.unwrap().is_empty());
}
