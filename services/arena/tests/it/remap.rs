//! An operator takes a shard over to streams that were created anew.

use async_nats::jetstream;
use contracts::commands::Answer;
use contracts::positions::NewPosition;
use contracts::shard::Shard;
use domain::battle::BattleTerms;
use domain::order::{Entered, Side};
use domain::record;
use sea_orm::ConnectionTrait;
use testkit::Binary;

use crate::floor::{Floor, LIMIT, now, order, soon, template, terms as terms_of, whole};
use crate::process::{Running, binary};

/// A floor with a filled order that takes its profit at 105, and an arena that has stopped.
async fn stopped_with_a_position() -> (Floor, BattleTerms, NewPosition) {
    let floor = Floor::new().await;
    floor.tick(95, soon()).await;
    let terms = floor.open_battle(600).await;
    let arena = Running::start(&floor);
    let mut buy = order(&terms, 0, Side::Buy);
    buy.order.take_profit = Entered::Value(whole(105));
    floor.ask(&buy).await;
    floor.tick(95, soon()).await;
    let open = "SELECT count(*) FROM positions WHERE status = 'OPEN'";
    testkit::eventually(LIMIT, async || floor.number(open).await == 1).await;
    arena.stop().await;
    (floor, terms, buy)
}

/// Creates all streams anew.
async fn create_anew(floor: &Floor, past: Past) {
    let raw = jetstream::new(async_nats::connect(&floor.nats.url).await.unwrap());
    let name = floor.nats.prefix.stream("MARKET");
    let mut market = raw.get_stream(&name).await.unwrap();
    let last = market.info().await.unwrap().state.last_sequence;
    let mut messages = Vec::new();
    for sequence in 1..=last {
        messages.push(market.get_raw_message(sequence).await.unwrap());
    }
    floor.bus.remove_streams().await.unwrap();
    floor.bus.declare_streams().await.unwrap();
    if past == Past::Kept {
        for message in messages {
            let stored = raw.publish(message.subject, message.payload).await;
            let stored = stored.unwrap().await.unwrap();
            assert_eq!(stored.sequence, message.sequence);
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Past {
    Kept,
    Gone,
}

/// Runs `battlesbit remap`; answers whether it did what it should, and what it said.
async fn remap(floor: &Floor) -> (bool, String) {
    run(floor, Binary::tool("battlesbit", 0).arg("remap")).await
}

/// The same with `--give-up`.
async fn give_up(floor: &Floor) -> (bool, String) {
    let program = Binary::tool("battlesbit", 0).arg("remap");
    run(floor, program.arg("--give-up")).await
}

async fn run(floor: &Floor, program: Binary) -> (bool, String) {
    let program = program
        .env("BATTLESBIT_POSTGRES_URL", floor.database.url())
        .env("BATTLESBIT_NATS_URL", &floor.nats.url)
        .env("BATTLESBIT_NATS_PREFIX", floor.nats.prefix.to_string());
    let mut process = program.start();
    let status = process.wait(LIMIT).await;
    (status.success(), process.stdout() + &process.stderr())
}

#[tokio::test]
async fn a_shard_goes_on_in_streams_that_hold_what_its_battles_lived_through() {
    let (floor, terms, buy) = stopped_with_a_position().await;
    let (done, said) = remap(&floor).await;
    assert!(done && said.contains("stands in its streams"), "{said}");
    create_anew(&floor, Past::Kept).await;

    let shard = Shard::of(terms.battle);
    let run = async |until: &str| {
        let sql = format!("UPDATE arena_shards SET lease_expires_at = {until}");
        let connection = floor.db.connection();
        connection.execute_unprepared(&sql).await.unwrap();
    };
    run("now() + interval '1 hour'").await;
    let (done, said) = remap(&floor).await;
    let refusal = format!("shard {shard} stays as it is: an arena runs it");
    assert!(!done && said.contains(&refusal), "{said}");
    run("'epoch'").await;
    let (done, said) = remap(&floor).await;
    assert!(done, "{said}");
    assert!(said.contains(&format!("shard {shard}: goes on")), "{said}");

    let _arena = binary(&floor).start_ready().await;
    // What comes again is known.
    let value = buy.order.position;
    assert_eq!(floor.ask(&buy).await, Answer::Done { value });
    let kept = "SELECT count(*) FROM position_outcomes";
    assert_eq!(floor.number(kept).await, 1);
    let sell = order(&terms, 1, Side::Sell);
    let value = sell.order.position;
    assert_eq!(floor.ask(&sell).await, Answer::Done { value });
    floor.tick(110, soon()).await;
    floor.watermark(now()).await;
    floor.end(std::slice::from_ref(&terms)).await;
    let report = record::verify(floor.sealed(terms.battle).await.as_slice()).unwrap();
    assert_eq!(report.commands, 2);
    let equity = report.result.unwrap().standings[0].equity.units();
    assert_eq!(equity, 10_315_789_473, "it took its profit at 110");
}

#[tokio::test]
async fn a_shard_whose_market_is_gone_stays_as_it_is() {
    let (floor, terms, _) = stopped_with_a_position().await;
    let shard = Shard::of(terms.battle);
    let state = format!("SELECT epoch + commits FROM arena_shards WHERE shard = {shard}");
    let before = floor.number(&state).await;
    create_anew(&floor, Past::Gone).await;
    let (done, said) = remap(&floor).await;
    assert!(!done && said.contains("lies outside stream"), "{said}");
    // Another market, which is as long.
    for _ in 0..20 {
        floor.tick(95, soon()).await;
    }
    let (done, said) = remap(&floor).await;
    assert!(!done && said.contains("MARKET is not the one"), "{said}");
    assert_eq!(floor.number(&state).await, before);
}

#[tokio::test]
async fn a_shard_whose_market_is_gone_begins_anew_once_its_battles_are_given_up() {
    let (floor, terms, buy) = stopped_with_a_position().await;
    let shard = Shard::of(terms.battle);
    create_anew(&floor, Past::Gone).await;
    let (done, said) = give_up(&floor).await;
    assert!(done, "{said}");
    let given_up = format!("shard {shard}: 1 battles are given up");
    assert!(said.contains(&given_up), "{said}");
    for (rows, count) in [
        ("arena_battles WHERE status = 'LOST'", 1),
        ("positions WHERE status = 'CANCELED' AND profit IS NULL", 1),
        ("arena_participants WHERE cash = 10000000000", 2),
    ] {
        let counted = floor.number(&format!("SELECT count(*) FROM {rows}")).await;
        assert_eq!(counted, count, "{rows}");
    }
    let (done, said) = give_up(&floor).await;
    assert!(done && said.contains("stands in its streams"), "{said}");

    floor.tick(95, soon()).await;
    let mut other = terms_of(600, template());
    while Shard::of(other.battle) != shard {
        other.battle = runtime::ids::mint();
    }
    floor.open(&other).await;
    let _arena = binary(&floor).start_ready().await;
    let sell = order(&other, 1, Side::Sell);
    let value = sell.order.position;
    assert_eq!(floor.ask(&sell).await, Answer::Done { value });
    // What was decided before stays decided, and nothing more is.
    let value = buy.order.position;
    assert_eq!(floor.ask(&buy).await, Answer::Done { value });
    let late = order(&terms, 1, Side::Sell);
    let refused = floor.ask(&late).await;
    assert!(matches!(refused, Answer::Refused { .. }), "{refused:?}");
}
