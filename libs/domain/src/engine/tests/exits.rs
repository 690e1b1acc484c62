//! How open positions leave.

use super::{limit, with_stop, with_take};
use crate::engine::{Effects, Fact, PositionChange};
use crate::fixture::{Scene, bps, chips, order, price};
use crate::id::PositionId;
use crate::order::{NewOrder, Side, Verb};
use crate::position::{EndCause, PositionStatus};

/// A position of player 0 that was filled at 95.
fn opened(scene: &mut Scene, order: NewOrder) -> PositionId {
    let id = scene.accept(0, 100, order);
    scene.tick(100, 95);
    assert_eq!(scene.status(id), PositionStatus::Open);
    id
}

#[test]
fn levels_fire_at_equality_and_on_both_sides() {
    let cases = [
        (with_stop(Side::Buy, 90), 91, 90, EndCause::StopLoss),
        (with_stop(Side::Sell, 100), 99, 100, EndCause::StopLoss),
        (with_take(Side::Buy, 100), 99, 100, EndCause::TakeProfit),
        (with_take(Side::Sell, 90), 91, 90, EndCause::TakeProfit),
    ];
    for (order, before, at, cause) in cases {
        let mut scene = Scene::new();
        let id = opened(&mut scene, order);
        scene.tick(200, before);
        assert_eq!(scene.status(id), PositionStatus::Open, "{cause:?}");
        scene.tick(300, at);
        assert_eq!(scene.end_of(id), Some((cause, Some(price(at)))));
        assert_eq!(scene.status(id), PositionStatus::Closed);
    }
}

#[test]
fn a_liquidated_position_loses_its_margin_and_no_more() {
    for (side, gap) in [(Side::Buy, 20), (Side::Sell, 500)] {
        let mut scene = Scene::new();
        let id = opened(&mut scene, order(side));
        scene.tick(200, gap);
        assert_eq!(scene.status(id), PositionStatus::Liquidated);
        assert_eq!(
            scene.end_of(id),
            Some((EndCause::Liquidation, Some(price(gap))))
        );
        assert_eq!(scene.cash(0), chips(90));
    }
}

#[test]
fn a_gap_through_a_stop_exits_at_the_tick() {
    let mut scene = Scene::new();
    let id = opened(&mut scene, with_stop(Side::Buy, 90));
    scene.tick(200, 76);
    assert_eq!(
        scene.end_of(id),
        Some((EndCause::StopLoss, Some(price(76))))
    );
    assert_eq!(scene.cash(0), chips(96));
}

#[test]
fn liquidation_comes_before_stop_before_take_before_close() {
    let mut scene = Scene::new();
    let id = opened(&mut scene, with_stop(Side::Buy, 90));
    scene.close(0, 200, id);
    scene.tick(200, 20);
    assert_eq!(scene.end_of(id).unwrap().0, EndCause::Liquidation);

    let mut scene = Scene::new();
    let id = opened(&mut scene, with_take(Side::Buy, 100));
    scene.close(0, 200, id);
    scene.tick(200, 100);
    assert_eq!(scene.end_of(id).unwrap().0, EndCause::TakeProfit);
    assert!(matches!(
        scene.changes(id)[..],
        [
            ..,
            PositionChange::Lapsed {
                verb: Verb::Close,
                ..
            }
        ]
    ));
}

#[test]
fn a_level_that_the_fill_has_crossed_fires_on_the_next_tick() {
    let mut scene = Scene::new();
    let id = scene.accept(0, 100, with_stop(Side::Buy, 90));
    scene.tick(100, 85);
    assert_eq!(scene.status(id), PositionStatus::Open);
    scene.tick(101, 86);
    assert_eq!(
        scene.end_of(id),
        Some((EndCause::StopLoss, Some(price(86))))
    );
}

#[test]
fn a_close_leaves_on_the_first_tick_at_or_after_its_stamp() {
    let mut scene = Scene::new();
    let id = opened(&mut scene, order(Side::Buy));
    scene.close(0, 1_000, id);
    assert_eq!(scene.position(id).noted.len(), 1);
    scene.tick(999, 96);
    scene.watermark(1_500);
    assert_eq!(scene.status(id), PositionStatus::Open);
    scene.tick(1_600, 114);
    assert_eq!(scene.end_of(id), Some((EndCause::Close, Some(price(114)))));
    assert_eq!(scene.cash(0), chips(104));
    assert_eq!(scene.position(id).noted, []);
    assert!(matches!(
        scene.changes(id)[..],
        [.., PositionChange::Closed { .. }]
    ));
}

#[test]
fn fees_are_taken_at_acceptance_and_at_the_exit() {
    let mut scene = Scene::with(|terms| terms.template.fee_bps = bps(10));
    let id = scene.accept(0, 100, order(Side::Buy));
    assert_eq!(scene.cash(0).units(), 8_998_000_000);
    scene.tick(100, 95);
    scene.close(0, 200, id);
    scene.tick(200, 190);
    assert_eq!(
        scene.position(id).end.unwrap().exit.unwrap().fee.units(),
        4_000_000
    );
    assert_eq!(
        scene.cash(0).units(),
        8_998_000_000 + 3_000_000_000 - 4_000_000
    );
}

#[test]
fn positions_that_one_tick_touches_are_handled_in_order_of_acceptance() {
    let mut scene = Scene::new();
    let second_level = scene.accept(0, 100, with_stop(Side::Buy, 80));
    let limit_buy = scene.accept(1, 100, limit(Side::Buy, 85));
    let first_level = scene.accept(0, 100, with_stop(Side::Buy, 90));
    scene.tick(100, 95);
    scene.effects = Effects::default();
    scene.tick(200, 70);
    let touched: Vec<_> = scene
        .effects
        .facts
        .iter()
        .filter_map(|fact| match fact {
            Fact::Position { position, .. } => Some(*position),
            Fact::BattleOpened { .. } | Fact::BattleFinal { .. } | Fact::BattleCanceled { .. } => {
                None
            }
        })
        .collect();
    assert_eq!(touched, [second_level, limit_buy, first_level]);
}

#[test]
fn a_stop_that_the_liquidation_price_has_overtaken_does_not_hold_it_up() {
    for (order, filled, next) in [
        (with_stop(Side::Buy, 48), 190, 94),
        (with_stop(Side::Sell, 140), 50, 76),
    ] {
        let mut scene = Scene::new();
        let id = scene.accept(0, 100, order);
        scene.tick(100, filled);
        scene.tick(200, next);
        assert_eq!(scene.status(id), PositionStatus::Liquidated);
    }
}
