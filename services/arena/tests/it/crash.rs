//! Killed in the middle: another arena goes on from the rows.

use contracts::arena::{BattleChange, BattleEvent, PositionEvent};
use contracts::commands::Answer;
use domain::battle::BattleTerms;
use domain::engine::PositionChange;
use domain::order::{Entered, Side};
use domain::position::{EndCause, PositionStatus};
use domain::record;
use store::{arena, battle};

use crate::floor::{Floor, LIMIT, order, soon, whole};
use crate::process::binary;

#[tokio::test]
async fn a_stop_that_was_crossed_while_no_arena_ran_fires_at_the_tick_that_crossed_it() {
    let floor = Floor::new().await;
    floor.tick(95, soon()).await;
    let terms = floor.open_battle(600).await;
    let program = binary(&floor);
    let mut process = program.start_ready().await;
    let mut stopped = order(&terms, 0, Side::Buy);
    stopped.order.stop_loss = Entered::Value(whole(80));
    floor.ask(&stopped).await;
    floor.ask(&order(&terms, 1, Side::Sell)).await;
    floor.tick(95, soon()).await;
    floor.heard::<PositionEvent>(4).await;

    process.kill().await;
    floor.tick(90, soon()).await;
    let crossing = floor.tick(79, soon()).await;
    floor.tick(100, soon()).await;
    let late = order(&terms, 1, Side::Buy);
    floor.send(&late).await;

    let _process = program.start_ready().await;
    let heard = floor.heard::<PositionEvent>(6).await;
    let closed = heard.iter().find(|event| {
        event.position.id == stopped.order.position
            && event.position.status == PositionStatus::Closed
    });
    let end = closed.expect("the stop fired").position.end.unwrap();
    assert_eq!((end.cause, end.sequence), (EndCause::StopLoss, crossing));
    assert_eq!(
        heard[5].change,
        PositionChange::Accepted,
        "the backlog comes before any command"
    );

    floor.tick(105, soon()).await;
    floor.watermark(terms.end_time.plus_ms(1)).await;
    let bytes = floor.sealed(terms.battle).await;
    let report = record::verify(bytes.as_slice()).unwrap();
    let sealed = battle::find_sealed(&floor.db, terms.battle)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        report.result,
        Some(sealed.result),
        "as it would have been without the crash"
    );
    assert_eq!(report.commands, 3);
}

#[tokio::test]
async fn nothing_is_lost_or_done_twice_when_an_arena_dies_around_its_commit() {
    for point in ["arena.before_commit", "arena.after_commit"] {
        let floor = Floor::new().await;
        floor.tick(95, soon()).await;
        let terms = floor.open_battle(600).await;
        let hit = tempfile::NamedTempFile::new().unwrap();
        let buy = order(&terms, 0, Side::Buy);
        let mut armed = binary(&floor)
            .env("BATTLESBIT_FAILPOINT", point)
            .env("BATTLESBIT_FAILPOINT_HIT", hit.path().to_str().unwrap())
            .start();
        floor.send(&buy).await;
        assert!(!armed.wait(LIMIT).await.success());
        assert_eq!(std::fs::read_to_string(hit.path()).unwrap(), point);

        let _process = binary(&floor).start_ready().await;
        let sell = order(&terms, 1, Side::Sell);
        assert_eq!(
            floor.ask(&sell).await,
            Answer::Done {
                value: sell.order.position
            }
        );
        assert_eq!(
            floor.number("SELECT count(*) FROM positions").await,
            2,
            "{point}"
        );
        let told = floor.heard::<PositionEvent>(2).await;
        assert_eq!(told.len(), 2, "{point}");
        let rows = arena::list_rows(&floor.db, &[terms.battle]).await.unwrap();
        assert_eq!(rows[0].battle.accepted, 2, "{point}");
    }
}

#[tokio::test]
async fn shards_of_an_arena_that_stops_are_taken_at_once() {
    let floor = Floor::new().await;
    let mut first = binary(&floor)
        .setting("shards.lease_ms", "4000")
        .start_ready()
        .await;
    let owned = "SELECT count(*) FROM arena_shards WHERE owner IS NOT NULL";
    testkit::eventually(LIMIT, async || floor.number(owned).await == 64).await;
    assert!(first.terminate().await.success());
    assert_eq!(floor.number(owned).await, 0);
    let free = "SELECT count(*) FROM arena_shards WHERE lease_expires_at <= now()";
    assert_eq!(floor.number(free).await, 64);
    let written = "SELECT count(*) FROM arena_shards WHERE market_state IS NOT NULL";
    assert_eq!(
        floor.number(written).await,
        64,
        "every checkpoint is written"
    );
    assert!(first.stderr().contains("shards given up"));
}

/// Plays a battle to its end in an arena that dies at `point`, before its result is announced.
async fn dies_at(floor: &Floor, point: &str) -> BattleTerms {
    floor.tick(95, soon()).await;
    let terms = floor.open_battle(600).await;
    let hit = tempfile::NamedTempFile::new().unwrap();
    let mut armed = binary(floor)
        .env("BATTLESBIT_FAILPOINT", point)
        .env("BATTLESBIT_FAILPOINT_HIT", hit.path().to_str().unwrap())
        .start_ready()
        .await;
    floor.ask(&order(&terms, 0, Side::Buy)).await;
    floor.tick(95, soon()).await;
    floor.watermark(terms.end_time.plus_ms(1)).await;
    assert!(!armed.wait(LIMIT).await.success());
    assert_eq!(std::fs::read_to_string(hit.path()).unwrap(), point);
    terms
}

#[tokio::test]
async fn a_result_is_sealed_and_announced_once_when_the_arena_dies_around_it() {
    for point in ["arena.before_seal", "arena.after_seal"] {
        let floor = Floor::new().await;
        let terms = dies_at(&floor, point).await;
        let _process = binary(&floor).start_ready().await;
        let bytes = floor.sealed(terms.battle).await;
        record::verify(bytes.as_slice()).unwrap();
        let told = floor.heard::<BattleEvent>(2).await;
        assert!(
            matches!(told[1].change, BattleChange::Sealed { .. }),
            "{point}"
        );
        let announced = "SELECT count(*) FROM outbox WHERE subject LIKE 'arena.battles.%'";
        assert_eq!(floor.number(announced).await, 2, "{point}");
    }
}

#[tokio::test]
async fn a_battle_that_was_called_off_before_its_result_was_sealed_has_its_record_alone() {
    let floor = Floor::new().await;
    let terms = dies_at(&floor, "arena.before_seal").await;
    floor.cancel(terms.battle).await;
    let _process = binary(&floor).start_ready().await;
    // How it was played is kept all the same.
    let record = floor.sealed(terms.battle).await;
    assert!(!record.is_empty());
    assert_eq!(
        battle::find_sealed(&floor.db, terms.battle).await.unwrap(),
        None
    );
}
