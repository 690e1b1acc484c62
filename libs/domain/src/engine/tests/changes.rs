//! Cancels and amendments.

use super::{limit, with_stop};
use crate::engine::PositionChange;
use crate::fixture::{Scene, chips, price, refused};
use crate::order::{Entered, LevelChange, NewOrder, Outcome, Refusal, Side, Verb};
use crate::position::{EndCause, PositionStatus};

#[test]
fn a_cancel_applies_just_before_the_first_tick_or_watermark_at_its_stamp() {
    for by_tick in [true, false] {
        let mut scene = Scene::new();
        let id = scene.accept(0, 100, limit(Side::Buy, 90));
        scene.cancel(0, 1_000, id);
        assert_eq!(
            (scene.status(id), scene.cash(0)),
            (PositionStatus::Pending, chips(90))
        );
        if by_tick {
            scene.tick(1_000, 80);
        } else {
            scene.watermark(1_000);
        }
        assert_eq!(scene.status(id), PositionStatus::Canceled);
        assert_eq!(scene.cash(0), chips(100));
    }
}

#[test]
fn a_cancel_lapses_when_the_order_fills_first() {
    let mut scene = Scene::new();
    let id = scene.accept(0, 100, limit(Side::Buy, 90));
    scene.cancel(0, 1_000, id);
    scene.tick(999, 90);
    assert_eq!(scene.status(id), PositionStatus::Open);
    assert!(matches!(
        scene.changes(id)[..],
        [
            ..,
            PositionChange::Lapsed {
                verb: Verb::Cancel,
                ..
            }
        ]
    ));
    assert!(matches!(
        scene.close(0, 1_000, id),
        Outcome::Accepted { .. }
    ));
}

#[test]
fn a_canceled_order_keeps_its_card_spent() {
    let mut scene = Scene::new();
    let order = NewOrder {
        leverage: Entered::Value(20.try_into().unwrap()),
        ..limit(Side::Buy, 90)
    };
    let id = scene.accept(0, 100, order);
    scene.cancel(0, 200, id);
    scene.watermark(200);
    assert_eq!(
        (scene.status(id), scene.cards(0)),
        (PositionStatus::Canceled, 2)
    );
}

#[test]
fn an_amendment_applies_at_its_stamp_and_may_fire_on_that_tick() {
    let mut scene = Scene::new();
    let id = scene.accept(0, 100, with_stop(Side::Buy, 80));
    scene.tick(100, 95);
    scene.amend(0, 1_000, id, LevelChange::Set(price(90)), LevelChange::Keep);
    scene.tick(999, 85);
    assert_eq!(scene.status(id), PositionStatus::Open);
    scene.tick(1_000, 85);
    assert_eq!(
        scene.end_of(id),
        Some((EndCause::StopLoss, Some(price(85))))
    );
}

#[test]
fn amendments_apply_in_the_order_of_the_log_and_null_removes() {
    let mut scene = Scene::new();
    let id = scene.accept(0, 100, with_stop(Side::Buy, 80));
    scene.tick(100, 95);
    scene.amend(
        0,
        200,
        id,
        LevelChange::Set(price(90)),
        LevelChange::Set(price(120)),
    );
    scene.amend(0, 200, id, LevelChange::Remove, LevelChange::Keep);
    scene.watermark(200);
    let position = scene.position(id);
    assert_eq!(
        (position.stop_loss, position.take_profit),
        (None, Some(price(120)))
    );
    scene.tick(300, 60);
    assert_eq!(scene.status(id), PositionStatus::Open);
}

#[test]
fn a_pending_order_can_be_amended_around_its_limit() {
    let mut scene = Scene::new();
    let id = scene.accept(0, 100, limit(Side::Buy, 90));
    let above = LevelChange::Set(price(92));
    assert_eq!(
        refused(scene.amend(0, 200, id, above, LevelChange::Keep)),
        Refusal::InvalidStopLoss
    );
    let below = LevelChange::Set(price(89));
    assert!(matches!(
        scene.amend(0, 200, id, below, above),
        Outcome::Accepted { .. }
    ));
    scene.watermark(200);
    assert_eq!(scene.position(id).stop_loss, Some(price(89)));
    assert_eq!(scene.position(id).take_profit, Some(price(92)));
}
