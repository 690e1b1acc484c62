//! An owner that stands still past its lease, is replaced, and goes on: none of its late writes
//! lands.

use contracts::positions::NewPosition;
use domain::battle::BattleTerms;
use domain::id::RequestId;
use domain::order::{Entered, Side};
use nix::sys::signal::Signal;
use sea_orm::{ConnectionTrait, TransactionTrait};
use testkit::Process;

use crate::audit::audit;
use crate::floor::{Floor, LIMIT, order, soon, whole};
use crate::process::binary;
use crate::way::{Cut, Way};

/// A battle with a filled order that stops at 80.
async fn filled_with_a_stop(floor: &Floor) -> (BattleTerms, NewPosition) {
    let terms = floor.open_battle(600).await;
    let mut stopped = order(&terms, 0, Side::Buy);
    stopped.order.stop_loss = Entered::Value(whole(80));
    floor.ask(&stopped).await;
    floor.tick(95, soon()).await;
    let filled = "SELECT count(*) FROM positions WHERE status = 'OPEN'";
    testkit::eventually(LIMIT, async || floor.number(filled).await == 1).await;
    (terms, stopped)
}

/// Another arena has all shards: each has changed hands.
async fn replaced(floor: &Floor, epochs: i64) {
    let sum = "SELECT sum(epoch)::bigint FROM arena_shards";
    testkit::eventually(LIMIT, async || floor.number(sum).await >= epochs + 64).await;
}

async fn epochs(floor: &Floor) -> i64 {
    floor
        .number("SELECT sum(epoch)::bigint FROM arena_shards")
        .await
}

fn requests<const N: usize>(orders: [NewPosition; N]) -> [RequestId; N] {
    orders.map(|order| order.caller.request)
}

/// The paused arena goes on, with a market that gave it something to write, and is told no.
async fn goes_on_in_vain(floor: &Floor, paused: &Process) {
    paused.signal(Signal::SIGCONT);
    floor.tick(110, soon()).await;
    testkit::eventually(LIMIT, async || paused.stderr().contains("a shard is lost")).await;
}

#[tokio::test]
async fn an_owner_that_was_paused_past_its_lease_changes_nothing() {
    let floor = Floor::new().await;
    floor.tick(95, soon()).await;
    let mut url = floor.database.url();
    let way = Way::to(url.port().unwrap(), Cut::Before).await;
    url.set_port(Some(way.port)).unwrap();
    let first = binary(&floor)
        .setting("postgres.url", url.as_str())
        // Nothing else is written meanwhile.
        .setting("shards.checkpoint_ms", "10000")
        .start_ready()
        .await;
    let (terms, stopped) = filled_with_a_stop(&floor).await;
    let before = epochs(&floor).await;
    testkit::eventually(LIMIT, async || floor.has_told_everything().await).await;

    // The stop is crossed and its commit begun when the owner falls asleep: what it has to write
    // is on its way.
    way.hold();
    floor.tick(79, soon()).await;
    testkit::eventually(LIMIT, async || way.holds() > 0).await;
    first.signal(Signal::SIGSTOP);
    let _second = binary(&floor).start_ready().await;
    replaced(&floor, before).await;
    let sell = order(&terms, 1, Side::Sell);
    floor.ask(&sell).await;
    let closed = "SELECT count(*) FROM positions WHERE end_cause = 'stop_loss'";
    testkit::eventually(LIMIT, async || floor.number(closed).await == 1).await;
    way.release();
    goes_on_in_vain(&floor, &first).await;

    floor.end(std::slice::from_ref(&terms)).await;
    let audit = audit(&floor, &[terms], &requests([stopped, sell])).await;
    assert_eq!((audit.accepted, audit.fired), (2, 1));
}

#[tokio::test]
async fn an_owner_that_was_paused_inside_a_transaction_changes_nothing() {
    let floor = Floor::new().await;
    floor.tick(95, soon()).await;
    let first = binary(&floor).start_ready().await;
    let (terms, stopped) = filled_with_a_stop(&floor).await;
    let before = epochs(&floor).await;

    // The commit of this order has written its first rows and waits to write the log.
    let obstacle = floor.db.connection().begin().await.unwrap();
    obstacle
        .execute_unprepared("LOCK TABLE battle_log IN EXCLUSIVE MODE")
        .await
        .unwrap();
    let sell = order(&terms, 1, Side::Sell);
    floor.send(&sell).await;
    let waits = "SELECT count(*) FROM pg_stat_activity
                 WHERE datname = current_database() AND wait_event_type = 'Lock'";
    testkit::eventually(LIMIT, async || floor.number(waits).await == 1).await;
    first.signal(Signal::SIGSTOP);
    obstacle.rollback().await.unwrap();
    // Its statement is done, and its transaction idles for as long as Postgres lets it.
    testkit::eventually(LIMIT, async || floor.number(waits).await == 0).await;

    let _second = binary(&floor).start_ready().await;
    replaced(&floor, before).await;
    floor.tick(79, soon()).await;
    let other = order(&terms, 0, Side::Sell);
    floor.ask(&other).await;
    goes_on_in_vain(&floor, &first).await;

    floor.end(std::slice::from_ref(&terms)).await;
    let audit = audit(&floor, &[terms], &requests([stopped, sell, other])).await;
    assert_eq!((audit.accepted, audit.fired), (3, 1));
}
