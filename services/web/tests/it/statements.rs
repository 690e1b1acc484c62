//! How many statements each operation of `graphql/operations` sends to Postgres, beginnings and
//! ends of transactions included: `statements.golden`. A list that asks for each of its rows shows
//! here first.
//!
//! `BATTLESBIT_UPDATE_GOLDEN=1 cargo test -p web --test it statements` writes them.

use std::collections::BTreeMap;

use runtime::ids::mint;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::matrix::Scene;
use crate::stage::Stage;

const DOCUMENTS: &str = include_str!("../../../../graphql/documents.json");
const GOLDEN: &str = "tests/it/statements.golden";
/// Set to write the numbers instead of comparing with them.
const UPDATE: &str = "BATTLESBIT_UPDATE_GOLDEN";

/// Mutations that the gateway carries out itself. What another service does waits for its answer,
/// and looks for it as often as there is time.
const OWN: [&str; 5] = [
    "UpdateProfile",
    "RefreshToken",
    "LoginWithEmail",
    "RevokeSession",
    SIGN_OUT,
];

/// Nobody is signed in afterwards.
const SIGN_OUT: &str = "SignOut";
/// How often a query is sent, to count the fewest of its statements: where the machine is busy, what
/// is loaded together may be torn apart.
const TRIES: usize = 5;

/// The kind of an operation and its name, as its document states them.
fn head(document: &str) -> (&str, &str) {
    let found = ["query ", "mutation ", "subscription "]
        .iter()
        .find_map(|kind| Some((*kind, &document[document.rfind(kind)? + kind.len()..])));
    let (kind, rest) = found.unwrap();
    let end = |it: char| !it.is_alphanumeric();
    (kind, rest.split(end).next().unwrap())
}

/// A room like the one there is, where somebody else waits: what a list asks for each of its rows shows
/// where it has several.
async fn another_room(scene: &Scene, player: &str) {
    let (room, own) = (&scene.ids["room"], mint::<Uuid>());
    let room = room.as_str().unwrap();
    scene
        .stage
        .script(&format!(
            "INSERT INTO battles (id, game_id, game_version, template, origin, status, ranked, shard,
                creator_id, expires_at_ms)
             SELECT '{own}', game_id, game_version, template, origin, status, ranked, shard,
                '{player}', expires_at_ms FROM battles WHERE id = '{room}';
             INSERT INTO tickets (id, game_id, game_version, player_id, status, cups, queued_at_ms,
                expires_at_ms, room_id)
             SELECT '{own}', game_id, game_version, '{player}', status, cups, queued_at_ms,
                expires_at_ms, '{own}' FROM tickets WHERE room_id = '{room}';"
        ))
        .await;
}

async fn run(scene: &Scene, name: &str, document: &str) {
    let ids = &scene.ids;
    let id = match name {
        "Asset" => &ids["asset"],
        "Game" => &ids["game"],
        "GameMatch" => &ids["battle"],
        "Position" => &ids["position"],
        "Wallet" => &ids["wallet"],
        "Transaction" => &ids["transaction"],
        "AchievementDefinition" => &ids["definition"],
        _ => &ids["owner"],
    };
    let variables = json!({
        "id": id, "ids": [ids["wallet"], ids["game"], ids["position"]], "first": 20,
        "matchID": ids["battle"], "nickName": null, "avatar": "", "refreshToken": "x",
        "email": "x@example.com", "verificationCode": "x",
        "sessionID": "00000000-0000-4000-8000-000000000000",
        "assetID": ids["asset"], "interval": "ONE_HOUR",
    });
    let told = scene.actors[3].ask(document, variables).await.0;
    let refused = &told["errors"][0]["extensions"]["code"];
    let expected = ["INVALID_REFRESH_TOKEN", "INVALID_VERIFICATION_CODE"];
    assert!(
        *refused == Value::Null || expected.iter().any(|code| refused == code),
        "{name}: {told}"
    );
}

#[tokio::test]
async fn no_operation_sends_more_statements_than_is_written_down() {
    let (stage, way) = Stage::overheard(&Scene::FREE).await;
    let scene = Scene::on(stage).await;
    let owner = scene.ids["owner"].as_str().unwrap();
    for name in ["victim", "other"] {
        let client = scene.stage.signed_in(&format!("{name}@example.com")).await;
        let id = client.id().await;
        scene.stage.party(&id, owner).await;
        another_room(&scene, &id).await;
    }
    let documents: BTreeMap<String, String> = serde_json::from_str(DOCUMENTS).unwrap();
    let counted = documents.values().filter_map(|document| {
        let (kind, name) = head(document);
        (kind == "query " || OWN.contains(&name)).then_some((name, document))
    });
    let (last, counted): (Vec<_>, Vec<_>) = counted.partition(|(name, _)| *name == SIGN_OUT);
    for (name, document) in &counted {
        run(&scene, name, document).await;
    }
    let mut sent = BTreeMap::new();
    for (name, document) in counted.into_iter().chain(last) {
        let tries = if head(document).0 == "query " {
            TRIES
        } else {
            1
        };
        let mut fewest = None;
        for _ in 0..tries {
            way.take();
            run(&scene, name, document).await;
            let taken = way.take();
            if fewest
                .as_ref()
                .is_none_or(|fewest: &Vec<_>| taken.len() < fewest.len())
            {
                fewest = Some(taken);
            }
        }
        sent.insert(name, fewest.unwrap());
    }
    let lines: Vec<String> = sent
        .iter()
        .map(|(name, sent)| format!("{name} {}\n", sent.len()))
        .collect();
    if std::env::var_os(UPDATE).is_some() {
        std::fs::write(GOLDEN, lines.concat()).unwrap();
    }
    let kept = std::fs::read_to_string(GOLDEN).unwrap();
    let kept: BTreeMap<&str, usize> = kept
        .lines()
        .map(|line| line.split_once(' ').unwrap())
        .map(|(name, count)| (name, count.parse().unwrap()))
        .collect();
    assert!(kept.keys().eq(sent.keys()), "{GOLDEN} has other operations");
    // Fewer where what is loaded for two fields happens to meet.
    let differs: Vec<_> = sent
        .iter()
        .filter(|(name, sent)| sent.len() > kept[*name])
        .collect();
    assert!(differs.is_empty(), "more than {GOLDEN} says: {differs:#?}");
}
