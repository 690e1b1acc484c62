//! The laws of a battle, over the scripts that drive both engines.

use domain::battle::{BattleRows, BattleStatus, ParticipantState};
use domain::order::{Outcome, Side};
use domain::position::{PositionState, PositionStatus};
use domain::record::{Writer, verify};

use crate::driver::Driver;
use crate::script::{Script, Step, script};

/// Scripts that each law is tried on; no other test plays these.
const SEEDS: std::ops::Range<u64> = 1_000_000..1_000_400;
/// Beyond this chips are cut off.
const LIMIT: i128 = 4_000_000_000_000_000_000;

fn scripts() -> impl Iterator<Item = Script> {
    SEEDS.map(script)
}

fn played(script: &Script) -> Driver<'_> {
    let mut driver = Driver::new(script);
    driver.play().unwrap();
    driver
}

/// Every battle that is still there, as the engine keeps it.
fn rows(driver: &Driver<'_>) -> Vec<BattleRows> {
    let engine = &driver.duel.engine;
    engine.battles().filter_map(|id| engine.rows(id)).collect()
}

fn of<'a>(rows: &'a BattleRows, one: &ParticipantState) -> Vec<&'a PositionState> {
    let all = rows.positions.iter();
    all.filter(|position| position.player == one.player)
        .collect()
}

fn cost(position: &PositionState) -> i128 {
    i128::from(position.margin.units()) + i128::from(position.open_fee.units())
}

/// What has come back from a position.
fn returned(position: &PositionState) -> i128 {
    match (position.end, position.end.and_then(|end| end.exit)) {
        (None, _) => 0,
        (Some(_), Some(exit)) => exit.payout.units().into(),
        (Some(_), None) => cost(position),
    }
}

#[test]
fn nobody_loses_more_than_margin_and_open_fee() {
    let mut losses = 0;
    for script in scripts() {
        for rows in rows(&played(&script)) {
            for position in &rows.positions {
                let Some(exit) = position.end.and_then(|end| end.exit) else {
                    continue;
                };
                let margin = position.margin.units();
                assert!(exit.profit.units() >= -margin, "{position:?}");
                assert!(exit.payout.units() >= 0 && exit.fee.units() >= 0);
                let kept = margin + exit.profit.units();
                assert_eq!(exit.payout.units() + exit.fee.units(), kept, "{position:?}");
                losses += usize::from(exit.profit.units() == -margin);
            }
            for one in &rows.participants {
                assert!(one.cash.units() >= 0, "{one:?}");
            }
        }
    }
    assert!(losses > 50, "{losses} positions lost everything");
}

#[test]
fn chips_and_prizes_are_conserved() {
    let mut results = 0;
    for script in scripts() {
        let driver = played(&script);
        let saturated = driver.duel.naive.coverage.count("cash saturates") > 0;
        for rows in rows(&driver) {
            let terms = &rows.battle.terms;
            let start = i128::from(terms.template.start_balance.units());
            for one in &rows.participants {
                let positions = of(&rows, one);
                let moved: i128 = positions.iter().map(|p| returned(p) - cost(p)).sum();
                assert!(saturated || i128::from(one.cash.units()) == start + moved);
                let spent = positions.iter().filter(|p| p.card_spent);
                let used = |p: &&&PositionState| {
                    let own = p
                        .end
                        .is_some_and(|end| end.cause == domain::position::EndCause::Cancel);
                    p.end.is_none() || p.fill.is_some() || own
                };
                let used = spent.filter(used).count();
                let brought = terms.seats[usize::try_from(one.number).unwrap()].card_uses;
                let canceled = rows.battle.status == BattleStatus::Canceled;
                let left = if canceled {
                    brought
                } else {
                    brought - u32::try_from(used).unwrap()
                };
                assert_eq!(one.cards_left, left, "{one:?}");
            }
            let Some(result) = &rows.battle.result else {
                continue;
            };
            results += 1;
            let prizes: i64 = result.standings.iter().map(|one| one.prize_minor).sum();
            let players = i64::try_from(terms.seats.len()).unwrap();
            let fees = terms.template.entry_fee_minor * players;
            assert_eq!(prizes + result.house_minor, fees);
            assert!(rows.positions.iter().all(|position| position.end.is_some()));
        }
    }
    assert!(results > 200, "{results} results");
}

/// Margin and floored profit without the cut-offs.
fn walked(position: &PositionState, now: i64) -> i128 {
    let entry = i128::from(position.fill.unwrap().tick.price.units());
    let moved = match position.side {
        Side::Buy => i128::from(now) - entry,
        Side::Sell => entry - i128::from(now),
    };
    i128::from(position.margin.units())
        + (i128::from(position.size.units()) * moved).div_euclid(entry)
}

#[test]
fn live_equity_stays_within_its_bound_of_walked_equity() {
    let (mut compared, mut lowest, mut highest) = (0, 0, 0);
    for script in scripts() {
        let mut driver = Driver::new(&script);
        for step in &script.steps {
            driver.step(step).unwrap();
            for rows in rows(&driver) {
                if rows.battle.status != BattleStatus::Open {
                    continue;
                }
                let id = rows.battle.terms.battle;
                let live = driver.duel.engine.standings(id).unwrap();
                for (one, live) in rows.participants.iter().zip(live) {
                    let Some((equity, assets, positions)) = walk(&driver, &rows, one) else {
                        continue;
                    };
                    let drift = i128::from(live.equity.units()) - equity;
                    assert!(drift <= positions, "{drift} {one:?}");
                    assert!(drift >= -(assets + positions), "{drift} {one:?}");
                    compared += positions;
                    lowest = lowest.min(drift);
                    highest = highest.max(drift);
                }
            }
        }
    }
    assert!(
        compared > 1_000 && lowest < 0,
        "{compared} from {lowest} to {highest}"
    );
}

/// Equity by walking the positions, and how many assets and positions it walked; none where
/// something saturates.
fn walk(
    driver: &Driver<'_>,
    rows: &BattleRows,
    one: &ParticipantState,
) -> Option<(i128, i128, i128)> {
    let market = driver.duel.engine.market_state();
    let mut equity = i128::from(one.cash.units());
    let mut assets = std::collections::BTreeSet::new();
    let mut positions = 0;
    for position in of(rows, one) {
        match position.status {
            PositionStatus::Pending => equity += cost(position),
            PositionStatus::Open => {
                let finals = rows.battle.finals.iter();
                let last = market.assets.iter();
                let tick = finals
                    .map(|asset| (&asset.symbol, asset.tick))
                    .chain(last.map(|asset| (&asset.symbol, asset.tick)))
                    .find(|(symbol, _)| **symbol == position.symbol);
                let price = tick.unwrap().1.unwrap().price.units();
                equity += walked(position, price);
                assets.insert(&position.symbol);
                positions += 1;
            }
            PositionStatus::Closed
            | PositionStatus::Liquidated
            | PositionStatus::Canceled
            | PositionStatus::Rejected => {}
        }
    }
    let assets = i128::try_from(assets.len()).unwrap();
    (equity.abs() < LIMIT - 1_000).then_some((equity, assets, positions))
}

/// The audit record of a battle that has ended.
fn record(driver: &Driver<'_>, rows: &BattleRows) -> Vec<u8> {
    let mut out = Vec::new();
    let mut writer = Writer::open(&rows.battle.terms, &mut out);
    let id = rows.battle.terms.battle;
    let log = driver.log.iter().filter(|(battle, _)| *battle == id);
    let mut log = log.map(|(_, entry)| entry).peekable();
    let opened = log.peek().unwrap().place.sequence;
    let ended = rows.battle.ended_at.unwrap();
    for (sequence, entry) in &driver.entries {
        if *sequence <= opened || *sequence > ended {
            continue;
        }
        while let Some(entry) = log.next_if(|entry| entry.place.sequence < *sequence) {
            writer.log(entry, &mut out);
        }
        writer.market(*sequence, entry, &mut out);
    }
    for entry in log {
        writer.log(entry, &mut out);
    }
    writer.seal(rows.battle.result.as_ref(), &mut out);
    out
}

#[test]
fn a_log_replayed_twice_gives_identical_bytes() {
    let mut replayed = 0;
    for script in scripts() {
        // A battle that was forgotten may be opened again; its log would be two.
        if script
            .steps
            .iter()
            .any(|step| matches!(step, Step::Forget { .. }))
        {
            continue;
        }
        let (one, two) = (played(&script), played(&script));
        let bytes = |driver: &Driver<'_>| serde_json::to_string(&rows(driver)).unwrap();
        assert_eq!(bytes(&one), bytes(&two));
        for rows in rows(&one) {
            if rows.battle.status == BattleStatus::Open {
                continue;
            }
            let bytes = record(&one, &rows);
            assert_eq!(bytes, record(&two, &rows));
            let (first, second) = (verify(bytes.as_slice()), verify(bytes.as_slice()));
            let report = first.unwrap();
            assert_eq!(report.result, rows.battle.result);
            assert_eq!(report.hash, second.unwrap().hash);
            replayed += 1;
        }
    }
    assert!(replayed > 100, "{replayed} battles");
}

#[test]
fn a_command_asked_twice_does_nothing_new() {
    let mut repeated = 0;
    for script in scripts() {
        let mut driver = Driver::new(&script);
        for step in &script.steps {
            let sent = driver.commands.len();
            driver.step(step).unwrap();
            let Some(command) = driver.commands.get(sent).cloned() else {
                continue;
            };
            let (first, effects) = driver.duel.command(&command).unwrap();
            let kept = first.origin == domain::order::Origin::Kept;
            assert!(!kept || effects.is_empty());
            let (second, effects) = driver.duel.command(&command).unwrap();
            if kept {
                assert_eq!((second, effects.is_empty()), (first, true));
                repeated += usize::from(matches!(first.outcome, Outcome::Accepted { .. }));
            }
        }
    }
    assert!(repeated > 1_000, "{repeated} commands");
}
