//! An owner that stands still past its lease, is replaced, and goes on: none of its late writes
//! lands.

use contracts::positions::NewPosition;
use domain::battle::BattleTerms;
use domain::id::RequestId;
use domain::order::{Entered, Side};
use domain::record;
use nix::sys::signal::Signal;
use sea_orm::{ConnectionTrait, TransactionTrait};
use store::battle;
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

    // The commit that opens this battle has written its first rows and waits to write the log.
    let obstacle = floor.db.connection().begin().await.unwrap();
    obstacle
        .execute_unprepared("LOCK TABLE battle_log IN EXCLUSIVE MODE")
        .await
        .unwrap();
    let opening = floor.open_battle(600).await;
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
    // What ends a battle before anybody follows it is not said again here.
    let followed = "SELECT count(*) FROM arena_battles";
    testkit::eventually(LIMIT, async || floor.number(followed).await == 2).await;

    let battles = [terms, opening];
    floor.end(&battles).await;
    let audit = audit(&floor, &battles, &requests([stopped, other])).await;
    assert_eq!((audit.accepted, audit.fired), (2, 1));
}

#[tokio::test]
async fn a_sealer_that_was_paused_past_its_lease_keeps_no_record() {
    let floor = Floor::new().await;
    floor.tick(95, soon()).await;
    let first = binary(&floor).start_ready().await;
    let (terms, _) = filled_with_a_stop(&floor).await;

    // The record is written, and the verdict on the battle is somebody else's for now.
    let verdict = floor.db.begin().await.unwrap();
    battle::lock_verdict(&verdict, terms.battle).await.unwrap();
    floor.tick(95, terms.end_time.plus_ms(1)).await;
    let waits = "SELECT count(*) FROM pg_locks l JOIN pg_database d ON d.oid = l.database
                 WHERE d.datname = current_database() AND l.locktype = 'advisory' AND NOT l.granted";
    testkit::eventually(LIMIT, async || floor.number(waits).await == 1).await;
    first.signal(Signal::SIGSTOP);
    hand_over(
        &floor,
        "owner = 'another', lease_expires_at = now() + interval '1 hour'",
    )
    .await;
    verdict.rollback().await.unwrap();
    first.signal(Signal::SIGCONT);
    let in_vain = "a battle is not ours to seal";
    testkit::eventually(LIMIT, async || first.stderr().contains(in_vain)).await;
    for table in ["audit_records", "audit_record_parts", "battle_results"] {
        let kept = floor.number(&format!("SELECT count(*) FROM {table}")).await;
        assert_eq!(kept, 0, "{table}");
    }

    hand_over(&floor, "owner = NULL, lease_expires_at = 'epoch'").await;
    record::verify(floor.sealed(terms.battle).await.as_slice()).unwrap();
}

/// Gives every shard to somebody else.
async fn hand_over(floor: &Floor, to: &str) {
    let update = format!("UPDATE arena_shards SET epoch = epoch + 1, {to}");
    let connection = floor.db.connection();
    connection.execute_unprepared(&update).await.unwrap();
}
