//! How battles end.

use super::{leveraged, limit, with_stop};
use crate::battle::BattleStatus;
use crate::fixture::{END, ETH, START, Scene, battle, chips, order, price};
use crate::order::{Entered, NewOrder, Refusal, Side};
use crate::position::{EndCause, PositionStatus};

#[test]
fn the_final_price_is_the_last_tick_inside_the_match() {
    let mut scene = Scene::new();
    let id = scene.accept(0, 100, order(Side::Buy));
    scene.tick(100, 95);
    scene.tick(60_000, 114);
    scene.tick(60_001, 10);
    assert_eq!(scene.status(id), PositionStatus::Open);
    assert_eq!(scene.result(), None);
    scene.watermark_of(ETH, 60_001);
    assert_eq!(
        scene.end_of(id),
        Some((EndCause::MatchEnd, Some(price(114))))
    );
    assert_eq!(scene.result().unwrap().standings[0].equity, chips(104));
    assert_eq!(END, START + 60_000);
}

#[test]
fn ticks_before_the_start_only_set_the_price() {
    let mut scene = Scene::new();
    let id = scene.accept(0, 0, limit(Side::Buy, 90));
    scene.tick(-1, 90);
    assert_eq!(scene.status(id), PositionStatus::Pending);
    scene.end();
    assert_eq!(scene.end_of(id), Some((EndCause::MatchEnd, None)));
    let finals = scene.engine.battle(battle(0)).unwrap().finals;
    assert!(finals.iter().all(|asset| asset.tick.is_none()));
    assert_eq!(scene.status(id), PositionStatus::Canceled);
}

#[test]
fn pending_orders_are_canceled_and_give_their_card_back() {
    let mut scene = Scene::new();
    let order = NewOrder {
        leverage: Entered::Value(20.try_into().unwrap()),
        ..limit(Side::Buy, 50)
    };
    let id = scene.accept(0, 100, order);
    scene.end();
    assert_eq!(scene.status(id), PositionStatus::Canceled);
    assert_eq!((scene.cash(0), scene.cards(0)), (chips(100), 3));
    assert_eq!(scene.result().unwrap().standings[0].cards_left, 3);
}

#[test]
fn an_asset_that_is_final_fires_nothing_while_the_match_goes_on() {
    let mut scene = Scene::new();
    let id = scene.accept(0, 100, with_stop(Side::Buy, 90));
    scene.tick(100, 95);
    let order = scene.accept(0, 200, limit(Side::Buy, 80));
    scene.watermark(60_001);
    scene.tick(60_002, 60);
    assert_eq!(
        (scene.status(id), scene.status(order)),
        (PositionStatus::Open, PositionStatus::Pending)
    );
    scene.watermark_of(ETH, 60_001);
    assert_eq!(
        scene.end_of(id),
        Some((EndCause::MatchEnd, Some(price(95))))
    );
    assert_eq!(scene.status(order), PositionStatus::Canceled);
}

#[test]
fn a_command_after_the_final_entry_is_refused_whatever_its_stamp() {
    let mut scene = Scene::new();
    scene.end();
    let log = scene.log().len();
    assert_eq!(
        scene.refusal(0, 100, order(Side::Buy)),
        Refusal::MatchNotOpen
    );
    assert_eq!(scene.log().len(), log);
}

#[test]
fn finalise_ends_with_the_ticks_that_came_so_far() {
    let mut scene = Scene::new();
    let id = scene.accept(0, 100, order(Side::Buy));
    scene.tick(100, 95);
    scene.tick(200, 114);
    assert!(scene.engine.finalise(battle(0), &mut scene.effects));
    assert_eq!(
        scene.end_of(id),
        Some((EndCause::MatchEnd, Some(price(114))))
    );
    assert_eq!(
        scene.engine.battle(battle(0)).unwrap().status,
        BattleStatus::Final
    );
    assert!(!scene.engine.finalise(battle(0), &mut scene.effects));
    assert!(
        scene
            .engine
            .cancel_battle(battle(0), &mut scene.effects)
            .is_err()
    );
}

#[test]
fn a_canceled_match_gives_back_every_chip_and_card_and_ranks_nobody() {
    let mut scene = Scene::new();
    let open = scene.accept(0, 100, leveraged(Side::Buy, 20));
    scene.tick(100, 95);
    let pending = scene.accept(1, 200, limit(Side::Sell, 200));
    scene.tick(300, 96);
    scene
        .engine
        .cancel_battle(battle(0), &mut scene.effects)
        .unwrap();
    assert_eq!(
        (scene.status(open), scene.status(pending)),
        (PositionStatus::Canceled, PositionStatus::Canceled)
    );
    assert_eq!((scene.cash(0), scene.cash(1)), (chips(100), chips(100)));
    assert_eq!((scene.cards(0), scene.result()), (3, None));
    let facts = scene.effects.facts.len();
    scene
        .engine
        .cancel_battle(battle(0), &mut scene.effects)
        .unwrap();
    scene.end();
    assert_eq!(scene.effects.facts.len(), facts);
}

#[test]
fn a_canceled_match_ends_at_the_newest_moment_that_the_market_told_of() {
    let mut scene = Scene::new();
    let open = scene.accept(0, 100, order(Side::Buy));
    let pending = scene.accept(1, 150, limit(Side::Sell, 200));
    scene.tick(200, 95);
    scene.watermark(700);
    scene.tick(900, 96);
    scene.watermark_of(ETH, 5_000);
    let early = scene.accept(1, 2_000, limit(Side::Sell, 200));
    scene
        .engine
        .cancel_battle(battle(0), &mut scene.effects)
        .unwrap();
    let ended = |id| scene.position(id).end.unwrap().time.ms() - START;
    assert_eq!([open, pending, early].map(ended), [900, 900, 2_000]);
}

#[test]
fn a_position_of_a_final_asset_ends_with_its_match_and_not_before() {
    let mut scene = Scene::new();
    let id = scene.accept(0, 100, order(Side::Buy));
    scene.tick(100, 95);
    scene.watermark(60_500);
    scene
        .engine
        .cancel_battle(battle(0), &mut scene.effects)
        .unwrap();
    assert_eq!(
        scene.position(id).end.unwrap().time.ms() - START,
        60_500,
        "the watermark is newer than the tick"
    );
}

#[test]
fn an_ended_battle_can_be_forgotten_and_an_open_one_cannot() {
    let mut scene = Scene::new();
    scene.engine.forget(battle(0));
    assert_eq!(scene.engine.battles().count(), 1);
    scene.end();
    scene.engine.forget(battle(0));
    assert_eq!(scene.engine.battles().count(), 0);
    assert_eq!(
        scene.refusal(0, 100, order(Side::Buy)),
        Refusal::MatchNotFound
    );
    scene.tick(70_000, 1);
}
