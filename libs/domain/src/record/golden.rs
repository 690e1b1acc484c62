//! Records whose bytes never change: made anew, they are the same, and those that were made long
//! ago still verify.
//!
//! `BATTLESBIT_UPDATE_GOLDEN=1 cargo test -p domain golden` writes them; that is right for a new
//! one alone, or together with a new rules version.

use std::fs;
use std::path::PathBuf;
use std::sync::LazyLock;

use super::tests::duel;
use super::*;
use crate::fixture::{BTC, ETH, Play, START, Scene, asset, battle, bps, chips, order, price};
use crate::id::PositionId;
use crate::market::{NoteReason, Tick};
use crate::order::{Entered, LevelChange, NewOrder, OrderKind, Outcome, Side};
use crate::position::{EndCause, PositionStatus};
use crate::timestamp::Timestamp;

/// Set to write the records instead of comparing with them.
const UPDATE: &str = "BATTLESBIT_UPDATE_GOLDEN";

/// A record, and the name of its file.
type Named = (&'static str, String);

/// Every record, made anew.
static RECORDS: LazyLock<[Named; 6]> = LazyLock::new(|| {
    [
        ("miniature", miniature()),
        ("duel", duel()),
        ("everything", everything()),
        ("tie", tie()),
        ("canceled", canceled()),
        ("finalised", finalised()),
    ]
    .map(|(name, scene)| (name, text(scene)))
});

pub(super) fn records() -> &'static [Named] {
    RECORDS.as_slice()
}

/// The record with this name.
pub(super) fn named(wanted: &str) -> &'static str {
    let mut records = records().iter();
    &records.find(|(name, _)| *name == wanted).unwrap().1
}

pub(super) fn text(scene: Scene) -> String {
    String::from_utf8(Play::from(scene).record(0).0).unwrap()
}

fn folder() -> PathBuf {
    PathBuf::from("src/record/golden")
}

/// One order, one asset, one rise: the example of the format's page.
fn miniature() -> Scene {
    let mut scene = Scene::with(|terms| terms.template.assets = vec![asset(BTC)]);
    scene.accept(0, 100, order(Side::Buy));
    trade(&mut scene, BTC, 2, 150, 95);
    trade(&mut scene, BTC, 3, 700, 110);
    scene.watermark(60_001);
    scene
}

/// Nobody trades.
fn tie() -> Scene {
    let mut scene = Scene::new();
    scene.end();
    scene
}

/// Called off with a position open.
fn canceled() -> Scene {
    let mut scene = Scene::new();
    scene.accept(0, 100, order(Side::Buy));
    trade(&mut scene, BTC, 2, 200, 96);
    let called_off = scene.engine.cancel_battle(battle(0), &mut scene.effects);
    called_off.unwrap();
    scene
}

/// Ended without waiting for the market, with a position open.
fn finalised() -> Scene {
    let mut scene = Scene::new();
    scene.accept(0, 100, order(Side::Buy));
    trade(&mut scene, BTC, 2, 200, 96);
    trade(&mut scene, BTC, 3, 300, 97);
    assert!(scene.engine.finalise(battle(0), &mut scene.effects));
    scene
}

/// Commands, market entries and ends of every kind, with fees and maintenance.
fn everything() -> Scene {
    let mut scene = Scene::with(|terms| {
        terms.template.fee_bps = bps(5);
        terms.template.maintenance_bps = bps(50);
    });
    let (taken, sold, liquidated) = enter(&mut scene);
    let stopped = scene.accept(0, 210, eth(Side::Sell, 3));
    trade(&mut scene, ETH, 4, 300, 95);
    trade(&mut scene, BTC, 4, 400, 99);
    assert_eq!(end_of(&scene, taken), Some(EndCause::TakeProfit));

    new_leader(&mut scene);
    let level = LevelChange::Set(price(100));
    scene.amend(0, 450, stopped, level, LevelChange::Remove);
    scene.close(1, 500, sold);
    scene.refusal(0, 520, malformed());
    trade(&mut scene, BTC, 7, 600, 98);
    assert_eq!(end_of(&scene, sold), Some(EndCause::Close));
    trade(&mut scene, ETH, 5, 650, 101);
    assert_eq!(end_of(&scene, stopped), Some(EndCause::StopLoss));

    let taken_back = scene.accept(0, 700, limit(Side::Buy, 80));
    scene.cancel(0, 800, taken_back);
    rejected(&mut scene, BTC, 8, 850, 60);
    trade(&mut scene, BTC, 9, 900, 93);
    assert_eq!(end_of(&scene, taken_back), Some(EndCause::Cancel));
    assert_eq!(end_of(&scene, liquidated), Some(EndCause::Liquidation));

    let too_late = scene.cancel(0, 950, taken_back);
    assert!(matches!(too_late, Outcome::Refused(_)));
    scene.accept(1, 1_000, eth(Side::Buy, 1));
    scene.accept(1, 1_000, limit(Side::Buy, 50));
    trade(&mut scene, ETH, 6, 1_100, 96);
    trade(&mut scene, ETH, 7, 60_000, 97);
    scene.end();
    scene
}

/// A position that will reach its target, one that its owner will close, and one that will be
/// liquidated.
fn enter(scene: &mut Scene) -> (PositionId, PositionId, PositionId) {
    let bought = NewOrder {
        stop_loss: Entered::Value(price(90)),
        take_profit: Entered::Value(price(99)),
        ..order(Side::Buy)
    };
    let steep = NewOrder {
        leverage: Entered::Value(50.try_into().unwrap()),
        ..order(Side::Buy)
    };
    let dear = NewOrder {
        margin: Entered::Value(chips(1_000)),
        ..order(Side::Buy)
    };
    let taken = scene.accept(0, 100, bought);
    let sold = scene.accept(1, 100, limit(Side::Sell, 97));
    let liquidated = scene.accept(1, 110, steep);
    scene.refusal(1, 130, dear);
    trade(scene, BTC, 2, 150, 95);
    trade(scene, BTC, 3, 200, 97);
    (taken, sold, liquidated)
}

/// The market changes hands: what its old leader still says counts for nothing.
fn new_leader(scene: &mut Scene) {
    scene.epoch = Epoch(2);
    let ahead_ns = 1_500_000;
    scene.event(MarketEvent::Offset { ahead_ns });
    scene.epoch = Epoch(1);
    trade(scene, BTC, 5, 410, 1);
    scene.epoch = Epoch(2);
    let symbol = BTC.parse().unwrap();
    scene.event(MarketEvent::Gap {
        symbol,
        first: 5,
        last: 6,
    });
}

fn limit(side: Side, at: i64) -> NewOrder {
    NewOrder {
        kind: OrderKind::Limit(Entered::Value(price(at))),
        ..order(side)
    }
}

fn eth(side: Side, leverage: u8) -> NewOrder {
    NewOrder {
        symbol: Entered::Value(ETH.parse().unwrap()),
        leverage: Entered::Value(leverage.try_into().unwrap()),
        ..order(side)
    }
}

fn malformed() -> NewOrder {
    NewOrder {
        margin: Entered::Malformed,
        ..order(Side::Buy)
    }
}

fn tick(trade: u64, ms: i64, whole: i64) -> Tick {
    Tick {
        trade,
        price: price(whole),
        time: Timestamp::from_ms(START + ms),
    }
}

/// A trade by its own number, as the exchange counts them.
fn trade(scene: &mut Scene, symbol: &str, number: u64, ms: i64, whole: i64) {
    scene.event(MarketEvent::Tick {
        symbol: symbol.parse().unwrap(),
        tick: tick(number, ms, whole),
    });
}

fn rejected(scene: &mut Scene, symbol: &str, number: u64, ms: i64, whole: i64) {
    scene.event(MarketEvent::Note {
        symbol: symbol.parse().unwrap(),
        tick: tick(number, ms, whole),
        reason: NoteReason::Rejected,
    });
}

fn end_of(scene: &Scene, position: PositionId) -> Option<EndCause> {
    scene.end_of(position).map(|(cause, _)| cause)
}

#[test]
fn a_golden_record_is_made_anew_byte_for_byte() {
    for (name, made) in records() {
        let path = folder().join(format!("{name}.record"));
        if std::env::var_os(UPDATE).is_some() {
            fs::write(&path, made).unwrap();
        }
        let kept = fs::read_to_string(&path).unwrap();
        assert_eq!(
            *made, kept,
            "{name}: a record's bytes changed; that takes a new rules version"
        );
    }
}

#[test]
fn every_golden_record_verifies_whenever_it_was_made() {
    let mut found = 0;
    for entry in fs::read_dir(folder()).unwrap() {
        let path = entry.unwrap().path();
        let record = fs::read(&path).unwrap();
        let verified = verify(record.as_slice());
        assert!(verified.is_ok(), "{}: {verified:?}", path.display());
        found += 1;
    }
    assert!(found >= records().len());
}

/// In the order of the entries that caused them; a cancel applies in front of the tick.
#[test]
fn a_verified_record_tells_each_fill_and_end_as_the_engine_kept_it() {
    let scene = everything();
    let rows = scene.engine.rows(battle(0)).unwrap().positions;
    let steps = verify(named("everything").as_bytes()).unwrap().steps;
    let mut expected = Vec::new();
    for row in &rows {
        let of = |status, cause, time, tick, profit| PositionStep {
            position: row.id,
            player: row.player,
            symbol: row.symbol.clone(),
            side: row.side,
            status,
            cause,
            time,
            tick,
            profit,
        };
        if let Some(fill) = row.fill {
            let filled = of(
                PositionStatus::Open,
                None,
                fill.tick.time,
                Some(fill.tick),
                None,
            );
            expected.push((fill.sequence, true, row.number, filled));
        }
        let end = row.end.unwrap();
        let (tick, profit) = end.exit.map(|exit| (exit.tick, exit.profit)).unzip();
        let ended = of(row.status, Some(end.cause), end.time, tick, profit);
        let with_tick = end.cause != EndCause::Cancel;
        expected.push((end.sequence, with_tick, row.number, ended));
    }
    expected.sort_by_key(|(sequence, tick, number, _)| (*sequence, *tick, *number));
    let expected: Vec<_> = expected.into_iter().map(|(.., step)| step).collect();
    assert_eq!(steps, expected);
    assert_eq!(steps.len(), 12);
}

#[test]
fn the_golden_records_hold_every_kind_of_entry() {
    let record = named("everything");
    let report = verify(record.as_bytes()).unwrap();
    let tally = &report.tally;
    let market = [tally.watermarks, tally.gaps, tally.notes, tally.offsets];
    assert_eq!(market, [2, 1, 1, 1]);
    assert_eq!((tally.accepted, tally.refused, tally.fills), (10, 3, 5));
    let ends = [
        (EndCause::Liquidation, 1),
        (EndCause::StopLoss, 1),
        (EndCause::TakeProfit, 1),
        (EndCause::Close, 1),
        (EndCause::Cancel, 1),
        (EndCause::MatchEnd, 2),
    ];
    assert_eq!(tally.ends, ends.into());
    assert_eq!(tally.missing_trades, []);
    assert_eq!(tally.removed_trades, []);
    for kind in ["new", "close", "cancel", "amend"] {
        assert!(
            record.contains(&format!("\"body\":{{\"{kind}\":")),
            "{kind}"
        );
    }
    for word in ["\"epoch\":2", "\"malformed\"", "\"remove\"", "\"refused\":"] {
        assert!(record.contains(word), "{word}");
    }
    assert!(report.result.unwrap().winner.is_some());

    let tied = verify(named("tie").as_bytes()).unwrap();
    let ranks: Vec<_> = tied
        .result
        .unwrap()
        .standings
        .iter()
        .map(|standing| standing.rank)
        .collect();
    assert_eq!(ranks, [1, 1]);
    assert!(named("canceled").contains("\"body\":\"canceled\""));
    assert!(named("finalised").contains("\"body\":\"finalise\""));
}

/// The page of the format shows a record; it is this one.
#[test]
fn the_example_of_the_formats_page_is_a_golden_record() {
    let page = include_str!("../../../../docs/record.md");
    let shown = named("miniature");
    assert!(
        page.contains(&format!("```text\n{shown}```\n")),
        "docs/record.md does not show golden/miniature.record as it is"
    );
    let hash = hex::encode(Sha256::digest(shown));
    assert!(page.contains(&hash), "docs/record.md lacks {hash}");
}
