//! Every refusal, and that it changes nothing.

use uuid::Uuid;

use super::{leveraged, limit, with_stop, with_take};
use crate::chips::Chips;
use crate::engine::Effects;
use crate::fixture::{BTC, Scene, battle, bps, chips, order, player, price, refused};
use crate::id::PositionId;
use crate::order::{
    CommandBody, Entered, LevelChange, NewOrder, OrderKind, Origin, Outcome, Refusal, Side,
};
use crate::price::Price;

#[test]
fn a_new_order_is_refused_by_the_first_rule_that_it_breaks() {
    // Everything is wrong with this order; each fix uncovers the next code.
    let mut scene = Scene::with(|terms| {
        terms.template.max_leverage = 50.try_into().unwrap();
        terms.template.max_positions = 1;
        terms.seats[0].card_uses = 0;
    });
    let mut order = NewOrder {
        symbol: Entered::Malformed,
        kind: OrderKind::Limit(Entered::Malformed),
        margin: Entered::Malformed,
        leverage: Entered::Value(51.try_into().unwrap()),
        stop_loss: Entered::Malformed,
        take_profit: Entered::Malformed,
        ..order(Side::Buy)
    };
    assert_eq!(
        scene.refusal(0, 9_501, order.clone()),
        Refusal::AssetNotFound
    );
    order.symbol = Entered::Value("DOGEUSDT".parse().unwrap());
    assert_eq!(
        scene.refusal(0, 9_501, order.clone()),
        Refusal::AssetNotFound
    );
    order.symbol = Entered::Value(BTC.parse().unwrap());
    assert_eq!(scene.refusal(0, 9_501, order.clone()), Refusal::FeedStale);
    scene.watermark(9_000);
    assert_eq!(
        scene.refusal(0, 9_501, order.clone()),
        Refusal::LeverageNotAllowed
    );
    order.leverage = Entered::Value(11.try_into().unwrap());
    assert_eq!(
        scene.refusal(0, 9_501, order.clone()),
        Refusal::LeverageItemRequired
    );
    order.leverage = Entered::Value(10.try_into().unwrap());
    assert_eq!(
        scene.refusal(0, 9_501, order.clone()),
        Refusal::InvalidMargin
    );
    order.margin = Entered::Value(chips(101));
    assert_eq!(
        scene.refusal(0, 9_501, order.clone()),
        Refusal::InvalidLimitPrice
    );
    order.kind = OrderKind::Limit(Entered::Value(price(90)));
    assert_eq!(
        scene.refusal(0, 9_501, order.clone()),
        Refusal::InvalidStopLoss
    );
    order.stop_loss = Entered::Value(price(85));
    assert_eq!(
        scene.refusal(0, 9_501, order.clone()),
        Refusal::InvalidTakeProfit
    );
    order.take_profit = Entered::Value(price(91));
    assert_eq!(
        scene.refusal(0, 10_501, order.clone()),
        Refusal::InsufficientVBalance
    );
    order.margin = Entered::Value(chips(100));
    scene.accept(0, 10_501, order.clone());
    assert_eq!(scene.refusal(0, 10_501, order), Refusal::MaxPositions);
}

#[test]
fn an_asset_without_a_tick_is_stale() {
    let mut scene = Scene::with(|terms| {
        terms.template.assets.push(crate::fixture::asset("SOLUSDT"));
    });
    scene.watermark_of("SOLUSDT", 0);
    let order = NewOrder {
        symbol: Entered::Value("SOLUSDT".parse().unwrap()),
        ..order(Side::Buy)
    };
    assert_eq!(scene.refusal(0, 100, order), Refusal::FeedStale);
}

#[test]
fn a_stamp_ten_seconds_past_the_newest_watermark_is_still_fresh() {
    let mut scene = Scene::new();
    scene.accept(0, 9_500, order(Side::Buy));
    assert_eq!(
        scene.refusal(0, 9_501, order(Side::Buy)),
        Refusal::FeedStale
    );
}

#[test]
fn leverage_is_refused_where_the_price_step_is_too_coarse() {
    let mut scene = Scene::with(|terms| terms.template.assets[0].price_step = price(1));
    let limit = limit(Side::Buy, 2_000);
    assert_eq!(
        scene.refusal(0, 100, order(Side::Buy)),
        Refusal::LeverageNotAllowed
    );
    scene.accept(0, 100, limit.clone());
    let third = NewOrder {
        leverage: Entered::Value(3.try_into().unwrap()),
        ..limit
    };
    assert_eq!(scene.refusal(0, 100, third), Refusal::LeverageNotAllowed);
}

#[test]
fn margin_is_refused_below_a_hundredth_and_above_the_size() {
    let mut scene = Scene::with(|terms| {
        terms.template.start_balance = Chips::from_units(100_000_000_000_000);
        terms.seats[0].card_uses = 9;
    });
    let margin = |units| NewOrder {
        margin: Entered::Value(Chips::from_units(units)),
        ..leveraged(Side::Buy, 100)
    };
    assert_eq!(
        scene.refusal(0, 100, margin(999_999)),
        Refusal::InvalidMargin
    );
    assert_eq!(scene.refusal(0, 100, margin(-1)), Refusal::InvalidMargin);
    assert_eq!(
        scene.refusal(0, 100, margin(100_000_000_000_001)),
        Refusal::InvalidMargin
    );
    assert_eq!(
        scene.refusal(0, 100, margin(i64::MAX)),
        Refusal::InvalidMargin
    );
    scene.accept(0, 100, margin(100_000_000_000_000));
}

#[test]
fn levels_lie_between_liquidation_and_reference() {
    let mut scene = Scene::new();
    let stop = |units: i64, side| NewOrder {
        stop_loss: Entered::Value(Price::from_units(units).unwrap()),
        ..order(side)
    };
    for (side, units) in [
        (Side::Buy, 4_750_000_000),
        (Side::Buy, 9_500_000_000),
        (Side::Sell, 9_500_000_000),
        (Side::Sell, 14_250_000_000),
    ] {
        assert_eq!(
            scene.refusal(0, 100, stop(units, side)),
            Refusal::InvalidStopLoss
        );
    }
    assert_eq!(
        scene.refusal(0, 100, with_take(Side::Buy, 95)),
        Refusal::InvalidTakeProfit
    );
    assert_eq!(
        scene.refusal(0, 100, with_take(Side::Sell, 95)),
        Refusal::InvalidTakeProfit
    );
    scene.accept(0, 100, stop(4_750_000_001, Side::Buy));
    scene.accept(0, 100, stop(14_249_999_999, Side::Sell));
}

#[test]
fn the_other_commands_are_refused_by_where_the_position_stands() {
    let mut scene = Scene::new();
    let pending = scene.accept(0, 100, limit(Side::Buy, 50));
    let market = scene.accept(0, 100, order(Side::Buy));
    let unknown = PositionId::new(Uuid::max());
    assert_eq!(
        refused(scene.close(0, 200, unknown)),
        Refusal::PositionNotFound
    );
    assert_eq!(
        refused(scene.close(1, 200, pending)),
        Refusal::PositionNotFound
    );
    assert_eq!(
        refused(scene.close(0, 200, pending)),
        Refusal::PositionNotOpen
    );
    assert_eq!(
        refused(scene.cancel(0, 200, market)),
        Refusal::PositionNotPending
    );
    scene.tick(200, 95);
    assert_eq!(
        refused(scene.cancel(0, 1_300, market)),
        Refusal::PositionNotPending
    );
    let wrong = LevelChange::Set(price(95));
    let levels = |scene: &mut Scene, stop, take| refused(scene.amend(0, 1_300, market, stop, take));
    assert_eq!(
        levels(&mut scene, wrong, LevelChange::Malformed),
        Refusal::InvalidStopLoss
    );
    assert_eq!(
        levels(&mut scene, LevelChange::Keep, wrong),
        Refusal::InvalidTakeProfit
    );
    scene.close(0, 1_300, market);
    assert_eq!(
        refused(scene.close(0, 1_300, market)),
        Refusal::AlreadyClosing
    );
    scene.cancel(0, 1_300, pending);
    assert_eq!(
        refused(scene.cancel(0, 1_300, pending)),
        Refusal::AlreadyClosing
    );
    scene.tick(2_000, 95);
    assert_eq!(
        refused(scene.close(0, 2_300, market)),
        Refusal::PositionNotOpen
    );
    assert_eq!(
        refused(scene.cancel(0, 2_300, pending)),
        Refusal::PositionNotPending
    );
    assert_eq!(
        levels(&mut scene, LevelChange::Keep, LevelChange::Keep),
        Refusal::PositionClosed
    );
}

#[test]
fn a_stranger_and_an_unknown_match_leave_no_trace() {
    let mut scene = Scene::new();
    scene.effects = Effects::default();
    assert_eq!(
        scene.refusal(9, 100, order(Side::Buy)),
        Refusal::NotAParticipant
    );
    let mut command = scene.command(0, 100, CommandBody::New(order(Side::Buy)));
    command.battle = battle(9);
    let answer = scene.engine.command(&command, &mut scene.effects);
    assert_eq!(answer.outcome, Outcome::Refused(Refusal::MatchNotFound));
    assert_eq!(answer.origin, Origin::Passing);
    assert!(scene.effects.is_empty());
}

#[test]
fn the_eleventh_command_of_a_second_is_refused_and_leaves_no_trace() {
    let mut scene = Scene::new();
    for _ in 0..10 {
        assert_eq!(
            scene.refusal(0, 100, with_stop(Side::Buy, 99)),
            Refusal::InvalidStopLoss
        );
    }
    let log = scene.log().len();
    let eleventh = scene.command(0, 999, CommandBody::New(order(Side::Buy)));
    let mut answer = |stored_at_ns| {
        let command = crate::order::Command {
            stored_at_ns,
            ..eleventh.clone()
        };
        scene.engine.command(&command, &mut scene.effects)
    };
    let refused = answer(eleventh.stored_at_ns);
    assert_eq!(
        (refused.outcome, refused.origin),
        (Outcome::Refused(Refusal::RateLimited), Origin::Passing)
    );
    let retried = answer(eleventh.stored_at_ns + 1_000_000_000);
    assert!(matches!(retried.outcome, Outcome::Accepted { .. }));
    assert_eq!(scene.log().len(), log + 1);
}

#[test]
fn a_known_request_gets_its_outcome_and_another_body_conflicts() {
    let mut scene = Scene::new();
    let accepted = scene.command(0, 100, CommandBody::New(order(Side::Buy)));
    let refused = scene.command(
        0,
        100,
        CommandBody::Close {
            position: PositionId::new(Uuid::max()),
        },
    );
    let first = [&accepted, &refused].map(|c| scene.engine.command(c, &mut scene.effects));
    scene.effects = Effects::default();
    for (command, first) in [&accepted, &refused].into_iter().zip(first) {
        let again = scene.engine.command(command, &mut scene.effects);
        assert_eq!((again.outcome, again.origin), (first.outcome, Origin::Kept));
    }
    let mut other = accepted;
    other.body_hash.0[31] = 1;
    let answer = scene.engine.command(&other, &mut scene.effects);
    assert_eq!(
        answer.outcome,
        Outcome::Refused(Refusal::IdempotencyConflict)
    );
    assert!(scene.effects.is_empty());
}

#[test]
fn a_command_outside_the_match_is_kept_and_logged_and_counts() {
    let mut scene = Scene::new();
    let early = scene.command(0, -1, CommandBody::New(order(Side::Buy)));
    let log = scene.log().len();
    let first = scene.engine.command(&early, &mut scene.effects);
    let again = scene.engine.command(&early, &mut scene.effects);
    assert_eq!(first.outcome, Outcome::Refused(Refusal::MatchNotOpen));
    assert_eq!(
        (first.origin, again.origin),
        (Origin::Decided, Origin::Kept)
    );
    assert_eq!(scene.log().len(), log + 1);
    let usage = scene
        .engine
        .participant(battle(0), player(0))
        .unwrap()
        .usage;
    assert_eq!((usage.in_second, usage.orders), (1, 1));
}

#[test]
fn what_is_too_much_outside_the_match_leaves_no_trace() {
    let mut scene = Scene::new();
    for _ in 0..10 {
        assert_eq!(
            scene.refusal(0, -500, order(Side::Buy)),
            Refusal::MatchNotOpen
        );
    }
    let rows = scene.engine.rows(battle(0));
    let log = scene.log().len();
    let eleventh = scene.command(0, -1, CommandBody::New(order(Side::Buy)));
    let answer = scene.engine.command(&eleventh, &mut scene.effects);
    assert_eq!(
        (answer.outcome, answer.origin),
        (Outcome::Refused(Refusal::MatchNotOpen), Origin::Passing)
    );
    assert_eq!(scene.log().len(), log);
    assert_eq!(scene.engine.rows(battle(0)), rows);
}

#[test]
fn cash_has_to_cover_the_open_fee_too() {
    let mut scene = Scene::with(|terms| terms.template.fee_bps = bps(10));
    let all = NewOrder {
        margin: Entered::Value(chips(100)),
        ..order(Side::Buy)
    };
    assert_eq!(scene.refusal(0, 100, all), Refusal::InsufficientVBalance);
}
