//! A checkpoint that its stream does not hold is never read from, and rows that contradict each
//! other are never played on: that shard alone is left out.

use contracts::commands::Answer;
use contracts::shard::Shard;
use domain::battle::BattleTerms;
use domain::id::BattleId;
use domain::order::Side;
use domain::record;
use sea_orm::ConnectionTrait;
use testkit::Process;

use crate::ending::say_nothing;
use crate::floor::{Floor, LIMIT, now, order, soon};
use crate::process::{Running, binary};

/// A floor with a running battle and an arena that has stopped.
async fn stopped_in_a_battle() -> (Floor, BattleTerms) {
    let floor = Floor::new().await;
    floor.tick(95, soon()).await;
    let terms = floor.open_battle(600).await;
    let arena = Running::start(&floor);
    floor.ask(&order(&terms, 0, Side::Buy)).await;
    arena.stop().await;
    (floor, terms)
}

/// The line with which a new arena leaves the shard of a battle out.
async fn left_out(floor: &Floor, battle: BattleId) -> String {
    let process = binary(floor).start_ready().await;
    leaves_out(floor, &process, battle).await
}

/// The line with which an arena leaves the shard of a battle out, while another battle is played.
async fn leaves_out(floor: &Floor, process: &Process, battle: BattleId) -> String {
    let line = testkit::eventually(LIMIT, async || {
        let written = process.stderr();
        let mut lines = written.lines();
        let line = lines.find(|line| line.contains("a shard is left out"));
        line.map(str::to_owned)
    });
    let line = line.await;
    let shard = Shard::of(battle);
    assert!(line.contains(&format!("\"shard\":\"{shard}\"")), "{line}");
    let page = process.metrics().await;
    assert!(page.contains("\narena_shards_left_out_total "), "{page}");
    assert!(
        !page.contains("\narena_shards_left_out_total 0\n"),
        "{page}"
    );
    let free = format!("SELECT count(*) FROM arena_shards WHERE owner IS NULL AND shard = {shard}");
    testkit::eventually(LIMIT, async || floor.number(&free).await == 1).await;

    floor.tick(95, soon()).await;
    let other = floor.open_battle_outside(shard).await;
    let buy = order(&other, 0, Side::Buy);
    let value = buy.order.position;
    assert_eq!(floor.ask(&buy).await, Answer::Done { value });
    let owned = "SELECT count(*) FROM arena_shards WHERE owner IS NOT NULL";
    assert_eq!(floor.number(owned).await, 63);
    line
}

#[tokio::test]
async fn a_market_that_was_created_anew_leaves_the_shard_alone_out_with_one_clear_line() {
    let (floor, terms) = stopped_in_a_battle().await;
    let raw = async_nats::jetstream::new(async_nats::connect(&floor.nats.url).await.unwrap());
    raw.delete_stream(floor.nats.prefix.stream("MARKET"))
        .await
        .unwrap();
    floor.bus.declare_streams().await.unwrap();
    let line = left_out(&floor, terms.battle).await;
    assert!(line.contains("cannot go on from its checkpoint"), "{line}");
    assert!(line.contains("was created anew"), "{line}");
}

#[tokio::test]
async fn requests_that_aged_out_unread_leave_the_shard_alone_out_with_one_clear_line() {
    let (floor, terms) = stopped_in_a_battle().await;
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
    let line = left_out(&floor, terms.battle).await;
    assert!(line.contains("POSITIONS, which holds 3 to 2"), "{line}");
}

#[tokio::test]
async fn a_checkpoint_beyond_the_stream_leaves_the_shard_alone_out_with_one_clear_line() {
    let (floor, terms) = stopped_in_a_battle().await;
    let beyond = "UPDATE arena_shards SET positions_sequence = 1000";
    floor
        .db
        .connection()
        .execute_unprepared(beyond)
        .await
        .unwrap();
    let line = left_out(&floor, terms.battle).await;
    assert!(
        line.contains("the checkpoint 1000 lies outside stream"),
        "{line}"
    );
}

#[tokio::test]
async fn a_shard_goes_on_where_the_market_ends_with_entries_that_are_gone_or_say_nothing() {
    let (floor, terms) = stopped_in_a_battle().await;
    say_nothing(&floor).await;
    let tail = floor.watermark(now()).await;
    let raw = async_nats::jetstream::new(async_nats::connect(&floor.nats.url).await.unwrap());
    let market = raw.get_stream(floor.nats.prefix.stream("MARKET"));
    market.await.unwrap().delete_message(tail).await.unwrap();

    // The market says nothing more until all shards are there.
    let _arena = binary(&floor).start_ready().await;
    let owned = "SELECT count(*) FROM arena_shards WHERE owner IS NOT NULL";
    testkit::eventually(LIMIT, async || floor.number(owned).await == 64).await;
    // Ends at the sequence that is gone.
    floor.cancel(terms.battle).await;
    let bytes = floor.sealed(terms.battle).await;
    assert_eq!(record::verify(bytes.as_slice()).unwrap().commands, 1);
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

#[tokio::test]
async fn a_row_that_cannot_be_read_leaves_its_shard_alone_out() {
    let (floor, terms) = stopped_in_a_battle().await;
    let spoil = "UPDATE positions SET noted = '7'";
    floor
        .db
        .connection()
        .execute_unprepared(spoil)
        .await
        .unwrap();
    let line = left_out(&floor, terms.battle).await;
    assert!(line.contains("of positions is corrupt"), "{line}");
}

#[tokio::test]
async fn a_shard_whose_commit_is_refused_is_left_out_alone_and_nothing_of_it_is_written() {
    let floor = Floor::new().await;
    floor.tick(95, soon()).await;
    let terms = floor.open_battle(600).await;
    let process = binary(&floor).start_ready().await;
    floor.ask(&order(&terms, 0, Side::Buy)).await;
    let doomed = order(&terms, 1, Side::Sell);
    // An outcome that its shard does not know of.
    let foreign = format!(
        "INSERT INTO position_outcomes (battle_id, player_id, request_id, body_hash, outcome)
         SELECT '{}', '{}', '{}', body_hash, outcome FROM position_outcomes",
        terms.battle, doomed.caller.user, doomed.caller.request
    );
    floor
        .db
        .connection()
        .execute_unprepared(&foreign)
        .await
        .unwrap();
    floor.send(&doomed).await;
    let line = leaves_out(&floor, &process, terms.battle).await;
    assert!(line.contains("another transaction was faster"), "{line}");
    let positions = format!(
        "SELECT count(*) FROM positions WHERE battle_id = '{}'",
        terms.battle
    );
    assert_eq!(floor.number(&positions).await, 1);
}
