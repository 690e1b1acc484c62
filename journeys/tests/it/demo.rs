//! The bots play a battle to its end on recorded frames.

use std::path::Path;

use serde_json::Value;

use crate::fleet::Fleet;

/// Where recorded frames of the real exchange may lie.
const FRAMES: &str = "BATTLESBIT_TEST_FRAMES";

async fn play(frames: &Path) -> Value {
    let frames = frames.to_str().unwrap().to_owned();
    let fleet = Fleet::start_with(|listen, control| {
        [
            "run",
            "--listen",
            listen,
            "--control",
            control,
            "--frames",
            &frames,
        ]
        .map(str::to_owned)
        .to_vec()
    })
    .await;
    fleet.staff().await;
    let report = fleet.bots(&["--players", "8", "--seconds", "15"]).await;
    let battle = report["battle"].as_str().unwrap();
    fleet.verify(battle).await;
    fleet.battlesbit(&["ledger", "check"]).await;
    fleet.battlesbit(&["ledger", "battle", battle]).await;
    report
}

fn assert_played(report: &Value) {
    assert_eq!(report["status"], "CLOSED", "{report}");
    assert_eq!(report["players"].as_array().unwrap().len(), 8);
    assert!(report["fills"].as_u64().unwrap() >= 8, "{report}");
    assert!(report["achievements"].as_u64().unwrap() >= 1, "{report}");
    assert!(report["emails"].as_u64().unwrap() >= 8, "{report}");
}

#[tokio::test]
async fn the_bots_play_a_battle_on_the_recording_in_the_repository() {
    let fixture = Path::new("../tools/exchange/fixtures/seeded.frames")
        .canonicalize()
        .unwrap();
    assert_played(&play(&fixture).await);
}

#[tokio::test]
async fn the_bots_play_a_battle_on_real_frames_where_there_are_some() {
    match std::env::var_os(FRAMES) {
        Some(frames) => assert_played(&play(Path::new(&frames)).await),
        None => println!("no real frames were played: {FRAMES} names none"),
    }
}
