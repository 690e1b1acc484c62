//! What counts when: stamps, places, late and stale entries.

use super::with_take;
use crate::fixture::{BTC, START, Scene, order, price};
use crate::market::{Epoch, MarketEvent, Tick};
use crate::order::{Refusal, Side};
use crate::position::PositionStatus;
use crate::timestamp::Timestamp;

#[test]
fn a_market_order_fills_on_the_first_tick_at_or_after_its_stamp() {
    let mut scene = Scene::new();
    let id = scene.accept(0, 1_000, order(Side::Buy));
    scene.tick(999, 96);
    assert_eq!(scene.status(id), PositionStatus::Pending);
    scene.tick(1_000, 97);
    assert_eq!(scene.position(id).fill.unwrap().tick.price, price(97));
}

#[test]
fn only_what_lies_behind_a_commands_place_counts() {
    let mut scene = Scene::new();
    scene.tick(5_000, 96);
    let id = scene.accept(0, 1_000, order(Side::Buy));
    assert_eq!(scene.status(id), PositionStatus::Pending);
    scene.tick(5_000, 97);
    assert_eq!(scene.position(id).fill.unwrap().tick.price, price(97));
}

#[test]
fn the_published_offset_is_part_of_the_stamp() {
    let mut scene = Scene::new();
    scene.event(MarketEvent::Offset {
        ahead_ns: 1_500_000,
    });
    let id = scene.accept(0, 1_000, order(Side::Buy));
    assert_eq!(
        scene.position(id).effective_time,
        Timestamp::from_ms(START + 1_002)
    );
}

#[test]
fn a_stamp_is_never_below_that_of_the_previous_command() {
    let mut scene = Scene::new();
    scene.accept(0, 2_000, order(Side::Buy));
    let id = scene.accept(1, 1_000, order(Side::Buy));
    assert_eq!(
        scene.position(id).effective_time,
        Timestamp::from_ms(START + 2_000)
    );
}

#[test]
fn a_command_outside_the_match_is_refused() {
    let mut scene = Scene::new();
    assert_eq!(
        scene.refusal(0, -1, order(Side::Buy)),
        Refusal::MatchNotOpen
    );
    scene.accept(0, 0, order(Side::Buy));
    scene.watermark(59_000);
    scene.accept(0, 59_999, order(Side::Buy));
    assert_eq!(
        scene.refusal(0, 60_000, order(Side::Buy)),
        Refusal::MatchNotOpen
    );
}

#[test]
fn late_ticks_and_old_watermarks_do_nothing() {
    let mut scene = Scene::new();
    let id = scene.accept(0, 1_000, order(Side::Buy));
    scene.watermark(1_000);
    let before = scene.engine.market_state().assets;
    scene.tick(1_000, 96);
    scene.watermark(999);
    assert_eq!(scene.engine.market_state().assets, before);
    assert_eq!(scene.status(id), PositionStatus::Pending);
    scene.tick(1_002, 97);
    let before = scene.engine.market_state().assets;
    scene.tick(1_001, 98);
    assert_eq!(scene.engine.market_state().assets, before);
}

#[test]
fn an_entry_of_an_older_epoch_is_ignored() {
    let mut scene = Scene::new();
    let id = scene.accept(0, 1_000, order(Side::Buy));
    scene.epoch = Epoch(2);
    scene.event(MarketEvent::Offset { ahead_ns: 0 });
    scene.epoch = Epoch(1);
    scene.tick(1_000, 96);
    assert_eq!(scene.status(id), PositionStatus::Pending);
    scene.epoch = Epoch(2);
    scene.tick(1_000, 97);
    assert_eq!(scene.status(id), PositionStatus::Open);
}

#[test]
fn a_tick_that_is_stored_twice_counts_once() {
    let mut scene = Scene::new();
    let id = scene.accept(0, 1_000, with_take(Side::Buy, 96));
    scene.tick(1_000, 97);
    let (_, filled) = scene.entries.last().cloned().unwrap();
    scene.event(filled.event);
    assert_eq!(scene.status(id), PositionStatus::Open);
    scene.tick(1_000, 97);
    assert_eq!(scene.status(id), PositionStatus::Closed);
}

#[test]
fn a_trade_that_was_passed_over_counts_no_more() {
    let mut scene = Scene::new();
    let id = scene.accept(0, 1_000, order(Side::Buy));
    let trade = scene.sequence;
    scene.tick(900, 96);
    let passed_over = Tick {
        trade,
        price: price(97),
        time: Timestamp::from_ms(START + 1_000),
    };
    let before = scene.engine.market_state().assets;
    scene.event(MarketEvent::Tick {
        symbol: BTC.parse().unwrap(),
        tick: passed_over,
    });
    assert_eq!(scene.engine.market_state().assets, before);
    assert_eq!(scene.status(id), PositionStatus::Pending);
}

#[test]
fn an_entry_that_was_applied_before_does_nothing() {
    let mut scene = Scene::new();
    let id = scene.accept(0, 1_000, order(Side::Buy));
    scene.sequence -= 1;
    scene.tick(1_000, 96);
    assert_eq!(scene.status(id), PositionStatus::Pending);
}
