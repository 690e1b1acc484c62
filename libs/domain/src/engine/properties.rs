//! The laws of a battle, over battles that nobody wrote.

use proptest::prelude::*;

use super::Effects;
use crate::battle::{BattleRows, ParticipantState};
use crate::chips::Chips;
use crate::fixture::{Play, Scene, Step, battle, steps};
use crate::order::Side;
use crate::position::{EndCause, PositionState, PositionStatus};
use crate::price::Price;
use crate::record::verify;

fn rows(play: &Play) -> Vec<BattleRows> {
    play.scene
        .engine
        .battles()
        .map(|id| play.scene.engine.rows(id).unwrap())
        .collect()
}

fn of<'a>(rows: &'a BattleRows, one: &ParticipantState) -> impl Iterator<Item = &'a PositionState> {
    let player = one.player;
    rows.positions
        .iter()
        .filter(move |position| position.player == player)
}

fn cost(position: &PositionState) -> i64 {
    position.margin.units() + position.open_fee.units()
}

/// What has come back from a position.
fn returned(position: &PositionState) -> i64 {
    match (position.end, position.end.and_then(|end| end.exit)) {
        (None, _) => 0,
        (Some(_), Some(exit)) => exit.payout.units(),
        (Some(_), None) => cost(position),
    }
}

/// Margin and floored profit without the cut-offs, in units.
fn walked(position: &PositionState, now: Price) -> i128 {
    let entry = i128::from(position.fill.unwrap().tick.price.units());
    let moved = i128::from(now.units()) - entry;
    let moved = if position.side == Side::Buy {
        moved
    } else {
        -moved
    };
    i128::from(position.margin.units())
        + (i128::from(position.size.units()) * moved).div_euclid(entry)
}

/// Live equity less the equity that walking the positions gives, for each player, and the number
/// of open positions.
fn drift(play: &Play) -> Vec<(i128, i128)> {
    let market = play.scene.engine.market_state();
    let mut drift = Vec::new();
    for rows in rows(play) {
        let live = play
            .scene
            .engine
            .standings(rows.battle.terms.battle)
            .unwrap();
        for (one, live) in rows.participants.iter().zip(live) {
            let mut sum = i128::from(one.cash.units());
            let mut open = 0;
            for position in of(&rows, one) {
                let asset = market
                    .assets
                    .iter()
                    .find(|asset| asset.symbol == position.symbol);
                let price = asset.unwrap().tick.unwrap().price;
                match position.status {
                    PositionStatus::Pending => sum += i128::from(cost(position)),
                    PositionStatus::Open => {
                        sum += walked(position, price);
                        open += 1;
                    }
                    PositionStatus::Closed
                    | PositionStatus::Liquidated
                    | PositionStatus::Canceled
                    | PositionStatus::Rejected => {}
                }
            }
            assert_eq!(i128::from(live.open_positions), open);
            drift.push((i128::from(live.equity.units()) - sum, open));
        }
    }
    drift
}

/// A play of these steps whose battles are called off at their end.
fn called_off(steps: &[Step]) -> Play {
    let mut play = Play::new();
    for step in steps {
        play.step(step);
    }
    call_off(&mut play.scene);
    play
}

/// Calls off whichever battles still run.
fn call_off(scene: &mut Scene) {
    for number in 0..2 {
        scene
            .engine
            .cancel_battle(battle(number), &mut scene.effects)
            .ok();
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    #[test]
    fn nothing_ends_before_it_counts_or_was_filled(steps in steps(120)) {
        for play in [Play::of(&steps), called_off(&steps)] {
            for position in rows(&play).iter().flat_map(|rows| &rows.positions) {
                let ended = position.end.unwrap().time;
                prop_assert!(ended >= position.effective_time, "{position:?}");
                prop_assert!(position.fill.is_none_or(|fill| ended >= fill.tick.time));
            }
        }
    }

    #[test]
    fn a_battle_called_off_ends_alike_wherever_it_is_played_again(
        steps in steps(120), every in 1_usize..20,
    ) {
        let whole = called_off(&steps);
        let mut broken = Play::new();
        for (number, step) in steps.iter().enumerate() {
            if number % every == 0 {
                broken.restart();
            }
            broken.step(step);
        }
        broken.restart();
        call_off(&mut broken.scene);
        prop_assert_eq!(rows(&broken), rows(&whole));
        for number in 0..2_u8 {
            prop_assert!(verify(whole.record(number).0.as_slice()).is_ok());
        }
    }

    #[test]
    fn chips_are_conserved_and_nobody_loses_more_than_margin_and_open_fee(steps in steps(150)) {
        let play = Play::of(&steps);
        for rows in rows(&play) {
            let start = rows.battle.terms.template.start_balance.units();
            for one in &rows.participants {
                let moved: i64 = of(&rows, one).map(|p| returned(p) - cost(p)).sum();
                prop_assert_eq!(one.cash.units(), start + moved);
                prop_assert!(one.cash >= Chips::ZERO);
                let result = rows.battle.result.as_ref().unwrap();
                let number = usize::try_from(one.number).unwrap();
                prop_assert_eq!(result.standings[number].equity, one.cash);
            }
            for position in &rows.positions {
                prop_assert!(position.end.is_some() && position.noted.is_empty());
                prop_assert!(returned(position) >= 0);
                if let Some(exit) = position.end.and_then(|end| end.exit) {
                    prop_assert!(exit.profit.units() >= -position.margin.units());
                }
            }
        }
    }

    #[test]
    fn limits_hold_and_live_equity_stays_within_its_bound_at_every_step(steps in steps(120)) {
        let mut play = Play::new();
        for step in &steps {
            play.step(step);
            for (drift, open) in drift(&play) {
                prop_assert!((-(2 + open)..=open).contains(&drift), "{drift} over {open}");
            }
            for rows in rows(&play) {
                for one in &rows.participants {
                    let held = of(&rows, one).filter(|position| position.end.is_none()).count();
                    prop_assert!(held <= 4 && one.cash >= Chips::ZERO);
                }
            }
        }
    }

    #[test]
    fn card_uses_are_neither_made_nor_lost(steps in steps(150)) {
        for rows in rows(&Play::of(&steps)) {
            for (one, seat) in rows.participants.iter().zip(&rows.battle.terms.seats) {
                let kept = |position: &&PositionState| {
                    let taken_back = position.end.is_some_and(|end| end.cause == EndCause::Cancel);
                    position.card_spent && (position.fill.is_some() || taken_back)
                };
                let spent = u32::try_from(of(&rows, one).filter(kept).count()).unwrap();
                prop_assert_eq!(one.cards_left + spent, seat.card_uses);
            }
        }
    }

    #[test]
    fn a_command_sent_twice_does_nothing_new(steps in steps(80)) {
        let mut play = Play::new();
        for step in &steps {
            play.step(step);
            if let (Step::Command { .. }, Some(command)) = (step, play.commands.last().cloned()) {
                let before = (rows(&play), play.scene.effects.outcomes.len());
                let refused_in_passing = !play.scene.effects.outcomes.iter().any(|outcome| {
                    (outcome.battle, outcome.request) == (command.battle, command.request)
                });
                let again = play.repeat(&command);
                if !refused_in_passing {
                    prop_assert_eq!(again, Effects::default());
                    prop_assert_eq!((rows(&play), play.scene.effects.outcomes.len()), before);
                }
            }
        }
    }

    #[test]
    fn a_restored_engine_goes_on_as_the_first_would_have(
        steps in steps(120), every in 1_usize..20,
    ) {
        let whole = Play::of(&steps);
        let mut broken = Play::new();
        for (number, step) in steps.iter().enumerate() {
            if number % every == 0 {
                broken.restart();
            }
            broken.step(step);
        }
        broken.restart();
        broken.end();
        prop_assert_eq!(&broken.scene.effects, &whole.scene.effects);
        prop_assert_eq!(rows(&broken), rows(&whole));
        prop_assert_eq!(broken.scene.engine.market_state(), whole.scene.engine.market_state());
    }

    #[test]
    fn a_battle_played_again_gives_the_same_bytes_and_its_record_alone_reproduces_it(
        steps in steps(120),
    ) {
        let (one, two) = (Play::of(&steps), Play::of(&steps));
        for number in 0..2_u8 {
            let (bytes, hash) = one.record(number);
            prop_assert_eq!(&two.record(number), &(bytes.clone(), hash));
            let report = verify(bytes.as_slice());
            prop_assert!(report.is_ok(), "{:?}", report);
            let report = report.unwrap();
            let state = one.scene.engine.battle(battle(number.into())).unwrap();
            prop_assert_eq!((report.hash, report.result), (hash, state.result));
        }
    }

    #[test]
    fn a_battle_alone_is_as_in_company(steps in steps(120)) {
        let together = Play::of(&steps);
        let mut alone = Play::new();
        let other = battle(1);
        alone.scene.engine.cancel_battle(other, &mut alone.scene.effects).unwrap();
        for step in &steps {
            alone.step(step);
        }
        alone.end();
        prop_assert_eq!(alone.record(0), together.record(0));
    }
}
