//! A checkpoint that its stream does not hold is never read from.

use contracts::commands::Answer;
use domain::order::Side;
use sea_orm::ConnectionTrait;

use crate::floor::{Floor, LIMIT, order, soon};
use crate::process::{Running, binary};

/// A floor with a running battle and an arena that has stopped.
async fn stopped_in_a_battle() -> Floor {
    let floor = Floor::new().await;
    floor.tick(95, soon()).await;
    let terms = floor.open_battle(600).await;
    let arena = Running::start(&floor);
    floor.ask(&order(&terms, 0, Side::Buy)).await;
    arena.stop().await;
    floor
}

/// The line with which an arena refuses to run.
async fn refusal(floor: &Floor) -> String {
    let mut process = binary(floor).start();
    assert!(!process.wait(LIMIT).await.success());
    process.stderr()
}

#[tokio::test]
async fn a_market_that_was_created_anew_stops_the_shard_with_one_clear_line() {
    let floor = stopped_in_a_battle().await;
    let raw = async_nats::jetstream::new(async_nats::connect(&floor.nats.url).await.unwrap());
    raw.delete_stream(floor.nats.prefix.stream("MARKET"))
        .await
        .unwrap();
    floor.bus.declare_streams().await.unwrap();
    let line = refusal(&floor).await;
    assert!(line.contains("cannot go on from its checkpoint"), "{line}");
    assert!(line.contains("was created anew"), "{line}");
}

#[tokio::test]
async fn requests_that_aged_out_unread_stop_the_shard_with_one_clear_line() {
    let floor = stopped_in_a_battle().await;
    let terms = floor.open_battle(600).await;
    floor
        .bus
        .publish(&order(&terms, 0, Side::Buy), "lost")
        .await
        .unwrap();
    let raw = async_nats::jetstream::new(async_nats::connect(&floor.nats.url).await.unwrap());
    let positions = raw
        .get_stream(floor.nats.prefix.stream("POSITIONS"))
        .await
        .unwrap();
    positions.purge().await.unwrap();
    let line = refusal(&floor).await;
    assert!(line.contains("POSITIONS, which holds 3 to 2"), "{line}");
}

#[tokio::test]
async fn a_checkpoint_beyond_the_stream_stops_the_shard_with_one_clear_line() {
    let floor = stopped_in_a_battle().await;
    let beyond = "UPDATE arena_shards SET positions_sequence = 1000";
    floor
        .db
        .connection()
        .execute_unprepared(beyond)
        .await
        .unwrap();
    let line = refusal(&floor).await;
    assert!(
        line.contains("the checkpoint 1000 lies outside stream"),
        "{line}"
    );
}

#[tokio::test]
async fn shards_without_battles_begin_anew_in_a_new_market() {
    let floor = Floor::new().await;
    let arena = Running::start(&floor);
    let written = "SELECT count(*) FROM arena_shards WHERE market_state IS NOT NULL";
    testkit::eventually(LIMIT, async || floor.number(written).await == 64).await;
    arena.stop().await;
    floor.bus.remove_streams().await.unwrap();
    floor.bus.declare_streams().await.unwrap();

    floor.tick(95, soon()).await;
    let terms = floor.open_battle(600).await;
    let arena = Running::start(&floor);
    let buy = order(&terms, 0, Side::Buy);
    assert_eq!(
        floor.ask(&buy).await,
        Answer::Done {
            value: buy.order.position
        }
    );
    arena.stop().await;
}
