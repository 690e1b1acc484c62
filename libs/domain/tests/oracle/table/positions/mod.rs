//! What each event does to an order and a position in each state, as the documentation of
//! `domain::position` says it.

mod events;
mod scene;
mod states;

use std::collections::{BTreeMap, BTreeSet};

use domain::order::Side;
use domain::position::PositionStatus;

use self::events::{EVENTS, Event};
use self::scene::Scene;
use self::states::{FILLED_OR_ENDED, ITS_ASSET_FINAL, PENDING, State};
use super::Table;
use super::stage::{NOTHING, id, name};

/// What became of what, in all cells.
type Changes = BTreeMap<PositionStatus, BTreeSet<PositionStatus>>;

/// What an event does to a position of each side; the same if the engine was made anew before.
fn cell(
    table: &mut Table,
    changes: &mut Changes,
    assets: &[usize],
    state: State,
    event: Event,
) -> String {
    let mut play = |side, restored: bool| {
        let mut scene = Scene::new(side, assets);
        state.1(&mut scene);
        if restored {
            scene.stage.restore();
        }
        let before = scene.stage.position(id(0)).status;
        let happened = event.1(&mut scene);
        let after = scene.stage.position(id(0)).status;
        let changes = changes.entry(before).or_default();
        if after != before {
            changes.insert(after);
        }
        table.seen.add(&scene.stage.seen);
        happened
    };
    let [buy, sell] = [Side::Buy, Side::Sell].map(|side| {
        let straight = play(side, false);
        assert_eq!(play(side, true), straight, "{} of {}", event.0, state.0);
        straight
    });
    if buy == sell {
        buy
    } else {
        format!("BUY: {buy}, SELL: {sell}")
    }
}

/// All tables of the module.
pub(super) fn tables() -> Vec<Table> {
    let mut changes = Changes::new();
    let mut tables: Vec<Table> = Vec::new();
    for (title, assets, states) in [
        ("PENDING", &[0][..], PENDING),
        ("filled or ended", &[0], FILLED_OR_ENDED),
        ("its asset final", &[0, 1], ITS_ASSET_FINAL),
    ] {
        let names = states.iter().map(|(name, _)| *name);
        let mut table = Table::new(&Vec::from_iter([title].into_iter().chain(names)));
        for event in EVENTS {
            let mut line = vec![event.0.to_owned()];
            for state in states {
                line.push(cell(&mut table, &mut changes, assets, *state, *event));
            }
            table.line(&line);
        }
        tables.push(table);
    }
    let mut summary = Table::new(&["state", "may become"]);
    for (before, after) in changes {
        let after: Vec<String> = after.iter().map(name).collect();
        let after = match after.as_slice() {
            [] => NOTHING.to_owned(),
            some => some.join(", "),
        };
        summary.line(&[name(&before), after]);
    }
    tables.push(summary);
    tables
}

#[test]
fn the_scenes_stand_where_they_say() {
    use PositionStatus::{Canceled, Closed, Liquidated, Open, Pending, Rejected};
    let expected = |state: &str| match state {
        "OPEN" => (Open, vec![]),
        "CLOSED" => (Closed, vec![]),
        "LIQUIDATED" => (Liquidated, vec![]),
        "CANCELED" => (Canceled, vec![]),
        "REJECTED" => (Rejected, vec![]),
        "market" | "market, armed" | "limit" | "limit, armed" => (Pending, vec![]),
        "market, amendment noted" | "limit, amendment noted" => (Pending, vec!["amend"]),
        "limit, cancel noted" => (Pending, vec!["cancel"]),
        "limit, amendment and then cancel noted" => (Pending, vec!["amend", "cancel"]),
        "limit, cancel and then amendment noted" => (Pending, vec!["cancel", "amend"]),
        "OPEN, close noted" | "OPEN, close armed" => (Open, vec!["close"]),
        "OPEN, amendment noted" => (Open, vec!["amend"]),
        "OPEN, close and amendment noted" => (Open, vec!["close", "amend"]),
        other => panic!("{other} is new"),
    };
    for (assets, states) in [
        (&[0][..], PENDING),
        (&[0], FILLED_OR_ENDED),
        (&[0, 1], ITS_ASSET_FINAL),
    ] {
        for ((state, reach), side) in states
            .iter()
            .flat_map(|state| [Side::Buy, Side::Sell].map(|side| (*state, side)))
        {
            let mut scene = Scene::new(side, assets);
            reach(&mut scene);
            let position = scene.stage.position(id(0));
            let noted = position.noted.iter();
            let noted: Vec<String> = noted.map(|noted| name(&noted.change.verb())).collect();
            let (status, verbs) = expected(state);
            assert_eq!(
                (position.status, noted),
                (
                    status,
                    verbs.iter().map(|verb| (*verb).to_owned()).collect()
                ),
                "{side:?}: {state}"
            );
        }
    }
}
