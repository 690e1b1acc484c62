//! What one entry does to a match in which everything waits for it, and in which order, as the
//! documentation of `domain::engine` says it.

use std::collections::BTreeMap;

use domain::engine::{Effects, Fact};
use domain::id::PositionId;
use domain::order::{CommandBody, Entered, LevelChange, OrderKind, Side};
use domain::price::Price;

use super::Table;
use super::stage::{NOTHING, Stage, happened, id, order, whole};
use crate::script::terms::plain_terms;

/// When the entry comes, in milliseconds after the start; and the first moment beyond the end.
const MOMENT: i64 = 12_000;
const BEYOND: i64 = 60_001;
/// What the market stands at. The prices below are those of a BUY; a SELL's lie as far on the
/// other side of it.
const MARKET: i64 = 100;
/// What the tick reaches.
const STOP: i64 = 92;
const LIMIT: i64 = 95;
/// What the tick is at.
const REACHED: i64 = 90;

/// The positions in the order of acceptance, which is not that of what happens to them.
const POSITIONS: &[(u128, &str)] = &[
    (0, "OPEN, amendment to a stop at the tick, and close"),
    (1, "OPEN, close"),
    (2, "market order past its deadline"),
    (3, "limit order in reach, amendment and cancel"),
    (4, "limit order in reach"),
    (5, "market order"),
];

type Event = (&'static str, fn(&mut Stage, Price) -> Effects);

const EVENTS: &[Event] = &[
    ("watermark", |stage, _| stage.watermark(0, MOMENT)),
    ("tick", |stage, price| stage.tick(0, MOMENT, price)),
    ("watermark beyond the end", |stage, _| {
        stage.watermark(0, BEYOND)
    }),
    ("tick beyond the end", |stage, price| {
        stage.tick(0, BEYOND, price)
    }),
    ("finalise", |stage, _| stage.finalise()),
    ("cancel of the match", |stage, _| stage.cancel_match().1),
];

fn at(side: Side, price: i64) -> Price {
    whole(match side {
        Side::Buy => price,
        Side::Sell => 2 * MARKET - price,
    })
}

/// A match in which all that is noted, and all orders, have fallen due.
fn stage(side: Side) -> Stage {
    let mut stage = Stage::new(whole(MARKET));
    let mut terms = plain_terms(2, &[0]);
    terms.template.max_positions = 10;
    stage.open(&terms);
    let ask = |stage: &mut Stage, stamp, body| {
        let command = stage.command(0, stamp, body);
        stage.send(&command);
    };
    let market = |number| CommandBody::New(order(id(number), side, OrderKind::Market));
    let reach = OrderKind::Limit(Entered::Value(at(side, LIMIT)));
    let limit = |number| CommandBody::New(order(id(number), side, reach));
    let amend = |number| CommandBody::Amend {
        position: id(number),
        stop_loss: LevelChange::Set(at(side, STOP)),
        take_profit: LevelChange::Keep,
    };
    let close = |number| CommandBody::Close {
        position: id(number),
    };

    ask(&mut stage, 100, market(0));
    ask(&mut stage, 100, market(1));
    stage.tick(0, 200, whole(MARKET));
    stage.watermark(0, 500);
    // Its deadline is ten seconds later.
    ask(&mut stage, 1_000, market(2));
    ask(&mut stage, 1_000, limit(3));
    ask(&mut stage, 1_000, limit(4));
    stage.watermark(0, 5_000);
    ask(&mut stage, 9_000, amend(3));
    ask(&mut stage, 9_000, amend(0));
    ask(&mut stage, 9_000, CommandBody::Cancel { position: id(3) });
    ask(&mut stage, 10_000, close(0));
    ask(&mut stage, 10_000, close(1));
    ask(&mut stage, 10_500, market(5));
    stage
}

/// What happened to each position and to the match, each with its number in the order of all.
fn numbered(effects: &Effects) -> (BTreeMap<PositionId, Vec<String>>, Vec<String>) {
    let (mut positions, mut battle) = (BTreeMap::<_, Vec<_>>::new(), Vec::new());
    for (fact, number) in effects.facts.iter().zip(1..) {
        match fact {
            Fact::Position {
                position, change, ..
            } => {
                let told = format!("{number}. {}", happened(change));
                positions.entry(*position).or_default().push(told);
            }
            Fact::BattleOpened { .. } => battle.push(format!("{number}. OPEN")),
            Fact::BattleFinal { .. } => battle.push(format!("{number}. FINAL")),
            Fact::BattleCanceled { .. } => battle.push(format!("{number}. CANCELED")),
        }
    }
    (positions, battle)
}

fn cell(told: &[String]) -> String {
    if told.is_empty() {
        return NOTHING.to_owned();
    }
    told.join(" ")
}

/// The table of the module: the same for a BUY and a SELL, and if the engine was made anew before.
pub(super) fn table() -> Table {
    let names = EVENTS.iter().map(|(name, _)| *name);
    let titles = ["due, in order of acceptance"].into_iter().chain(names);
    let mut table = Table::new(&Vec::from_iter(titles));
    let mut lines: Vec<Vec<String>> = POSITIONS
        .iter()
        .map(|(_, name)| vec![(*name).to_owned()])
        .collect();
    let mut last = vec!["the match".to_owned()];
    for (event, happens) in EVENTS {
        let mut play = |side, restored: bool| {
            let mut stage = stage(side);
            if restored {
                stage.restore();
            }
            let told = numbered(&happens(&mut stage, at(side, REACHED)));
            table.seen.add(&stage.seen);
            told
        };
        let (positions, battle) = play(Side::Buy, false);
        for (side, restored) in [(Side::Buy, true), (Side::Sell, false), (Side::Sell, true)] {
            let same = (positions.clone(), battle.clone());
            assert_eq!(play(side, restored), same, "{event}: {side:?}");
        }
        for ((number, _), line) in POSITIONS.iter().zip(&mut lines) {
            let told = positions.get(&id(*number));
            line.push(cell(told.map_or(&[], Vec::as_slice)));
        }
        last.push(cell(&battle));
    }
    for line in &lines {
        table.line(line);
    }
    table.line(&last);
    table
}
