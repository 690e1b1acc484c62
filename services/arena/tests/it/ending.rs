//! How battles end: sealed with a record that verifies, called off, or ended without last prices.

use std::time::Duration;

use contracts::Topic;
use contracts::arena::{BattleChange, BattleEvent, PositionEvent};
use contracts::battles::BattleCanceled;
use contracts::commands::Ask as _;
use domain::engine::PositionChange;
use domain::id::BattleId;
use domain::order::Side;
use domain::position::EndCause;
use domain::record;
use runtime::MovableClock;
use store::battle;
use store::record::PART_LEN;

use crate::floor::{Floor, LIMIT, btc, now, order, soon, template, terms};
use crate::process::Running;

#[tokio::test]
async fn the_worked_example_ends_sealed_and_verifies() {
    let floor = Floor::new().await;
    floor.tick(95, soon()).await;
    let terms = floor.open_battle(600).await;
    let arena = Running::start(&floor);
    floor.ask(&order(&terms, 0, Side::Buy)).await;
    floor.ask(&order(&terms, 1, Side::Sell)).await;
    floor.tick(95, soon()).await;
    floor.tick(110, soon()).await;
    floor.watermark(terms.end_time.plus_ms(1)).await;

    let bytes = floor.sealed(terms.battle).await;
    let sealed = battle::find_sealed(&floor.db, terms.battle)
        .await
        .unwrap()
        .unwrap();
    let equity: Vec<i64> = sealed
        .result
        .standings
        .iter()
        .map(|standing| standing.equity.units())
        .collect();
    assert_eq!(equity, [10_315_789_473, 9_684_210_526]);
    assert_eq!(sealed.result.winner, Some(terms.seats[0].player));
    assert_eq!(sealed.result.house_minor, 2_000_000);

    let report = record::verify(bytes.as_slice()).unwrap();
    assert_eq!(report.result.as_ref(), Some(&sealed.result));
    assert_eq!(hex::encode(report.hash.0), sealed.record_sha256);
    assert_eq!(report.commands, 2);

    let told = floor.heard::<BattleEvent>(2).await;
    assert_eq!(told[0].change, BattleChange::Opened);
    let (result, record_sha256) = (sealed.result, sealed.record_sha256);
    assert_eq!(
        told[1].change,
        BattleChange::Sealed {
            result,
            record_sha256
        }
    );
    arena.stop().await;
}

#[tokio::test]
async fn a_record_of_several_parts_is_kept_to_the_byte() {
    /// Together with the orders of each, more than a page of a log, and several parts of a record.
    const PLAYERS: u32 = 110;
    const ORDERS: u32 = 10;
    let floor = Floor::new().await;
    floor.tick(95, soon()).await;
    let mut template = template();
    template.max_players = PLAYERS;
    let terms = terms(600, template);
    floor.open(&terms).await;
    let arena = Running::start(&floor);
    for seat in 0..terms.seats.len() {
        floor.watermark(now()).await;
        for _ in 0..ORDERS {
            let order = order(&terms, seat, Side::Buy);
            let id = order.message_id();
            floor.bus.publish(&order, &id).await.unwrap();
        }
    }
    let logged = format!(
        "SELECT count(*) FROM battle_log WHERE battle_id = '{}'",
        terms.battle
    );
    let entries = 1 + i64::from(PLAYERS * ORDERS);
    testkit::eventually(LIMIT, async || floor.number(&logged).await == entries).await;
    floor.end(std::slice::from_ref(&terms)).await;

    let bytes = floor.sealed(terms.battle).await;
    let report = record::verify(bytes.as_slice()).unwrap();
    assert_eq!(report.commands, u64::from(PLAYERS * ORDERS));
    let record = store::record::find(&floor.db, terms.battle).await.unwrap();
    let record = record.expect("a record");
    assert_eq!(record.sha256, report.hash.to_string());
    assert_eq!(record.size, i64::try_from(bytes.len()).unwrap());
    let parts = floor.parts(terms.battle).await;
    let (last, whole) = parts.split_last().unwrap();
    assert!(whole.len() > 1 && last.len() < PART_LEN);
    assert!(whole.iter().all(|part| part.len() == PART_LEN));
    arena.stop().await;
}

#[tokio::test]
async fn one_changed_byte_in_a_record_is_found() {
    let floor = Floor::new().await;
    floor.tick(95, soon()).await;
    let terms = floor.open_battle(600).await;
    let arena = Running::start(&floor);
    floor.ask(&order(&terms, 0, Side::Buy)).await;
    floor.tick(95, soon()).await;
    floor.watermark(terms.end_time.plus_ms(1)).await;
    let bytes = floor.sealed(terms.battle).await;
    record::verify(bytes.as_slice()).unwrap();
    for place in [bytes.len() / 4, bytes.len() / 2, bytes.len() - 2] {
        let mut changed = bytes.clone();
        changed[place] ^= 1;
        assert!(record::verify(changed.as_slice()).is_err(), "byte {place}");
    }
    arena.stop().await;
}

/// Puts an entry into MARKET that says nothing of the market.
pub(crate) async fn say_nothing(floor: &Floor) {
    let raw = async_nats::jetstream::new(async_nats::connect(&floor.nats.url).await.unwrap());
    let subject = floor
        .nats
        .prefix
        .subject(&Topic::Tick.subject(&(&btc()).into()));
    raw.publish(subject, "no tick".into())
        .await
        .unwrap()
        .await
        .unwrap();
}

#[tokio::test]
async fn a_market_entry_that_cannot_be_read_is_skipped_by_the_engine_and_by_the_record() {
    let floor = Floor::new().await;
    floor.tick(95, soon()).await;
    let terms = floor.open_battle(600).await;
    let arena = Running::start(&floor);
    let buy = order(&terms, 0, Side::Buy);
    floor.ask(&buy).await;
    say_nothing(&floor).await;
    floor.tick(95, soon()).await;
    floor.tick(110, soon()).await;

    floor.end(std::slice::from_ref(&terms)).await;
    let report = record::verify(floor.sealed(terms.battle).await.as_slice()).unwrap();
    let equity = report.result.unwrap().standings[0].equity.units();
    assert_eq!(equity, 10_315_789_473);
    arena.stop().await;
}

#[tokio::test]
async fn a_battle_that_is_called_off_gives_positions_up_and_has_no_result() {
    let floor = Floor::new().await;
    floor.tick(95, soon()).await;
    let terms = floor.open_battle(600).await;
    let arena = Running::start(&floor);
    floor.ask(&order(&terms, 0, Side::Buy)).await;
    floor.tick(95, soon()).await;
    floor.heard::<PositionEvent>(2).await;

    floor.cancel(terms.battle).await;
    let told = BattleCanceled {
        battle: terms.battle,
        game: terms.game,
        title: String::new(),
        players: Vec::new(),
    };
    floor.bus.publish(&told, "canceled").await.unwrap();

    let bytes = floor.sealed(terms.battle).await;
    assert_eq!(record::verify(bytes.as_slice()).unwrap().result, None);
    assert_eq!(
        battle::find_sealed(&floor.db, terms.battle).await.unwrap(),
        None
    );
    let last = floor.heard::<PositionEvent>(3).await.pop().unwrap();
    assert!(
        matches!(
            last.change,
            PositionChange::Canceled {
                cause: EndCause::MatchCanceled,
                ..
            }
        ),
        "{last:?}"
    );
    arena.stop().await;
}

#[tokio::test]
async fn a_battle_without_last_prices_ends_a_minute_late_by_the_arenas_clock() {
    let floor = Floor::new().await;
    floor.tick(95, soon()).await;
    let terms = floor.open_battle(600).await;
    let clock = MovableClock::at_present();
    let arena = Running::start_at(&floor, clock.clock());
    floor.ask(&order(&terms, 0, Side::Buy)).await;
    floor.tick(95, soon()).await;
    floor.tick(110, soon()).await;
    let status = status_of(terms.battle);
    floor.heard::<PositionEvent>(2).await;
    // What MARKET ends with is read, but applied by nobody.
    say_nothing(&floor).await;

    clock.advance(Duration::from_secs(659));
    // The shard has written its checkpoint at least once since: the watch has looked.
    let commits = "SELECT sum(commits)::bigint FROM arena_shards";
    let before = floor.number(commits).await;
    testkit::eventually(LIMIT, async || floor.number(commits).await > before + 200).await;
    assert_eq!(
        floor.number(&status).await,
        0,
        "not before the minute is over"
    );

    clock.advance(Duration::from_secs(3));
    let bytes = floor.sealed(terms.battle).await;
    let report = record::verify(bytes.as_slice()).unwrap();
    let equity = report.result.unwrap().standings[0].equity.units();
    assert_eq!(equity, 10_315_789_473, "closed at the last tick");
    arena.stop().await;
}

fn status_of(battle: BattleId) -> String {
    format!("SELECT count(*) FROM arena_battles WHERE battle_id = '{battle}' AND status = 'FINAL'")
}
