//! How orders fill, or fail to.

use super::{leveraged, limit, with_take};
use crate::fixture::{BTC, START, Scene, bps, chips, order, price};
use crate::market::{MarketEvent, Tick};
use crate::order::Side;
use crate::position::{EndCause, PositionStatus};
use crate::price::Price;
use crate::timestamp::Timestamp;

#[test]
fn a_limit_order_fills_at_its_limit_or_better_at_the_price_of_the_tick() {
    let mut scene = Scene::new();
    let buy = scene.accept(0, 100, limit(Side::Buy, 90));
    let sell = scene.accept(1, 100, limit(Side::Sell, 100));
    scene.tick(200, 95);
    assert_eq!(
        (scene.status(buy), scene.status(sell)),
        (PositionStatus::Pending, PositionStatus::Pending)
    );
    scene.tick(300, 89);
    scene.tick(400, 100);
    assert_eq!(scene.position(buy).fill.unwrap().tick.price, price(89));
    assert_eq!(scene.position(sell).fill.unwrap().tick.price, price(100));
}

#[test]
fn a_limit_order_does_not_count_before_its_stamp() {
    let mut scene = Scene::new();
    let buy = scene.accept(0, 1_000, limit(Side::Buy, 90));
    scene.tick(999, 80);
    assert_eq!(scene.status(buy), PositionStatus::Pending);
    scene.tick(1_000, 90);
    assert_eq!(scene.status(buy), PositionStatus::Open);
}

#[test]
fn a_market_order_goes_stale_at_a_watermark_ten_seconds_past_its_moment() {
    let mut scene = Scene::new();
    let before = scene.cash(0);
    let id = scene.accept(0, 1_000, leveraged(Side::Buy, 20));
    assert_eq!((scene.cards(0), scene.cash(0)), (2, chips(90)));
    scene.watermark(10_999);
    assert_eq!(scene.status(id), PositionStatus::Pending);
    scene.watermark(11_000);
    assert_eq!(scene.status(id), PositionStatus::Rejected);
    assert_eq!(scene.end_of(id), Some((EndCause::FeedStale, None)));
    assert_eq!((scene.cards(0), scene.cash(0)), (3, before));
}

#[test]
fn the_deadline_of_a_market_order_begins_no_earlier_than_the_newest_watermark() {
    let mut scene = Scene::new();
    scene.watermark(5_000);
    let id = scene.accept(0, 1_000, order(Side::Buy));
    scene.watermark(14_999);
    assert_eq!(scene.status(id), PositionStatus::Pending);
    scene.watermark(15_000);
    assert_eq!(scene.status(id), PositionStatus::Rejected);
}

#[test]
fn a_tick_fills_a_market_order_however_late_it_comes() {
    let mut scene = Scene::new();
    let id = scene.accept(0, 1_000, order(Side::Buy));
    scene.tick(30_000, 96);
    assert_eq!(scene.status(id), PositionStatus::Open);
    scene.watermark(30_000);
    assert_eq!(scene.status(id), PositionStatus::Open);
}

#[test]
fn a_fill_at_its_own_liquidation_price_is_rejected_and_costs_nothing() {
    let mut scene = Scene::with(|terms| terms.template.fee_bps = bps(10));
    let id = scene.accept(0, 100, leveraged(Side::Buy, 100));
    let tick = Tick {
        trade: 9,
        price: Price::from_units(99).unwrap(),
        time: Timestamp::from_ms(START + 100),
    };
    scene.event(MarketEvent::Tick {
        symbol: BTC.parse().unwrap(),
        tick,
    });
    assert_eq!(
        scene.end_of(id),
        Some((EndCause::LiquidationTooClose, None))
    );
    assert_eq!(scene.status(id), PositionStatus::Rejected);
    assert_eq!((scene.cash(0), scene.cards(0)), (chips(100), 3));
}

#[test]
fn a_position_filled_by_a_tick_is_not_looked_at_again_by_that_tick() {
    let mut scene = Scene::new();
    let id = scene.accept(0, 100, with_take(Side::Buy, 96));
    scene.tick(100, 97);
    assert_eq!(scene.status(id), PositionStatus::Open);
    scene.tick(101, 97);
    assert_eq!(
        scene.end_of(id),
        Some((EndCause::TakeProfit, Some(price(97))))
    );
}
