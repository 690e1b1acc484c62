//! What a record must not let pass.

use proptest::prelude::*;
use sha2::{Digest, Sha256};

use super::golden::{named, records, text};
use super::*;
use crate::chips::Chips;
use crate::fixture::{Scene, battle, order, price};
use crate::id::PositionId;
use crate::market::Tick;
use crate::order::{CommandBody, Entered, LevelChange, NewOrder, OrderKind, Side};
use crate::price::Price;

/// A battle in which every tick and every command matters.
pub(super) fn duel() -> Scene {
    let mut scene = Scene::new();
    let limit = |side, at| NewOrder {
        kind: OrderKind::Limit(Entered::Value(price(at))),
        ..order(side)
    };
    let long = scene.accept(0, 100, order(Side::Buy));
    let short = scene.accept(1, 100, limit(Side::Sell, 97));
    scene.tick(200, 96);
    scene.tick(300, 98);
    scene.amend(0, 400, long, LevelChange::Set(price(90)), LevelChange::Keep);
    scene.close(1, 500, short);
    scene.tick(600, 93);
    scene.tick(700, 89);
    scene.end();
    scene
}

fn record() -> String {
    text(duel())
}

/// The contents of the lines, without their checks.
fn contents(record: &str) -> Vec<String> {
    record
        .lines()
        .map(|line| line.rsplit_once(' ').unwrap().0.to_owned())
        .collect()
}

/// A record of these contents with checks that fit.
fn resealed(contents: &[String]) -> String {
    let mut record = String::new();
    for (number, line) in contents.iter().enumerate() {
        record.push_str(line);
        record.push(' ');
        let digest = hex::encode(Sha256::digest(&record));
        let len = if number + 1 == contents.len() {
            64
        } else {
            CHECK_LEN
        };
        record.push_str(&digest[..len]);
        record.push('\n');
    }
    record
}

fn difference(record: &str) -> Difference {
    verify(record.as_bytes()).expect_err("expected a difference")
}

/// The indices of lines that contain `needle`.
fn lines_with(contents: &[String], needle: &str) -> Vec<usize> {
    (0..contents.len())
        .filter(|index| contents[*index].contains(needle))
        .collect()
}

#[test]
fn a_record_reproduces_its_battle() {
    let record = record();
    let report = verify(record.as_bytes()).unwrap();
    assert_eq!(report.terms.battle, battle(0));
    assert_eq!((report.market_entries, report.commands), (6, 4));
    assert_eq!(report.lines, u64::try_from(record.lines().count()).unwrap());
    assert_eq!(
        report.hash.to_string(),
        hex::encode(Sha256::digest(&record))
    );
    assert_eq!(resealed(&contents(&record)), record);
}

/// Changes one byte, and expects its line to be named.
fn spoil(record: &str, at: usize, flipped: u8) {
    let mut spoiled = record.as_bytes().to_vec();
    spoiled[at] ^= flipped;
    let before = &record.as_bytes()[..at];
    let line = 1 + before.iter().filter(|byte| **byte == b'\n').count();
    let difference = verify(spoiled.as_slice()).expect_err("a changed byte");
    assert_eq!(
        difference.line,
        u64::try_from(line).unwrap(),
        "byte {at} with {flipped} flipped: {difference:?}"
    );
}

#[test]
fn a_changed_byte_is_named_by_its_line() {
    for (_, record) in records() {
        for at in (0..record.len()).step_by(5) {
            spoil(record, at, 1 << (at % 8));
        }
    }
}

proptest! {
    #[test]
    fn whatever_a_byte_becomes_its_line_is_named(
        which in any::<prop::sample::Index>(),
        at in any::<prop::sample::Index>(),
        flipped in 1_u8..,
    ) {
        let (_, record) = which.get(records());
        spoil(record, at.index(record.len()), flipped);
    }
}

/// A record of these contents with the checks of another, which fit its own lines.
fn with_checks_of(record: &str, contents: &[String], lines: &[usize]) -> String {
    let checks: Vec<_> = record
        .lines()
        .map(|line| line.rsplit_once(' ').unwrap().1)
        .collect();
    let pairs = contents.iter().zip(lines);
    pairs
        .map(|(line, number)| format!("{line} {}\n", checks[*number]))
        .collect()
}

/// Expects the line, from 1, to be named for its check.
fn broken_at(record: &str, line: usize) {
    let difference = difference(record);
    assert_eq!(
        difference.line,
        u64::try_from(line).unwrap(),
        "{difference:?}"
    );
    assert!(
        matches!(difference.finding, Finding::Check { .. }),
        "{difference:?}"
    );
}

/// Expects the line, from 1, to be named, and the rules to give this there.
fn decided_otherwise(record: &str, line: u64, given: &str) {
    let difference = difference(record);
    let Finding::Replay { expected, found } = &difference.finding else {
        panic!("{difference:?}");
    };
    assert_eq!(difference.line, line, "{difference:?}");
    assert!(
        expected.contains(given) && !found.contains(given),
        "{difference:?}"
    );
}

#[test]
fn a_removed_tick_is_named_by_the_line_behind_it_and_under_fitting_checks_by_what_it_changed() {
    let record = record();
    let contents = contents(&record);
    let ticks = lines_with(&contents, "\"tick\":{\"symbol\"");
    let named = [
        // Both are filled one trade later or not at all, so that the result is another.
        (12, "\"equity\":9816326530"),
        // Without its fill the order cannot be closed.
        (7, "POSITION_NOT_OPEN"),
        (12, "\"equity\":10183673469"),
        (12, "\"equity\":9937500000"),
    ];
    assert_eq!(ticks.len(), named.len());
    for (tick, (line, given)) in ticks.into_iter().zip(named) {
        let mut lines: Vec<_> = (0..contents.len()).collect();
        lines.remove(tick);
        let left: Vec<_> = lines.iter().map(|line| contents[*line].clone()).collect();
        broken_at(&with_checks_of(&record, &left, &lines), tick + 1);
        decided_otherwise(&without(&contents, tick), line, given);
    }
}

#[test]
fn an_altered_price_is_named_by_its_line_and_under_fitting_checks_by_what_it_changed() {
    let record = record();
    let contents = contents(&record);
    let ticks = lines_with(&contents, "\"market\":{\"sequence\"");
    let lines: Vec<_> = (0..contents.len()).collect();
    let mut named = [
        (13, "\"equity\":10069767441"),
        // The stop that was set would have been above the price.
        (7, "INVALID_STOP_LOSS"),
        (13, "\"equity\":9729166666"),
    ]
    .into_iter();
    for tick in ticks {
        let mut spoiled = contents.clone();
        spoiled[tick] = spoiled[tick].replace("\"price\":9", "\"price\":8");
        if spoiled != contents {
            broken_at(&with_checks_of(&record, &spoiled, &lines), tick + 1);
            let (line, given) = named.next().unwrap();
            decided_otherwise(&resealed(&spoiled), line, given);
        }
    }
    assert_eq!(named.next(), None);
}

#[test]
fn a_reordered_command_is_named_by_the_first_of_its_lines_with_and_without_fitting_checks() {
    let record = record();
    let contents = contents(&record);
    let commands = lines_with(&contents, "\"command\":{");
    assert_eq!(commands.len(), 4);
    for (pair, number) in commands.windows(2).zip(2..) {
        let (mut spoiled, mut lines) = (contents.clone(), Vec::from_iter(0..contents.len()));
        spoiled.swap(pair[0], pair[1]);
        lines.swap(pair[0], pair[1]);
        broken_at(&with_checks_of(&record, &spoiled, &lines), pair[0] + 1);
        let line = u64::try_from(pair[0] + 1).unwrap();
        let given = format!("\"number\":{number}}}");
        decided_otherwise(&resealed(&spoiled), line, &given);
    }
}

/// A record without this line, under checks that fit.
fn without(contents: &[String], index: usize) -> String {
    let mut spoiled = contents.to_vec();
    spoiled.remove(index);
    let lines = spoiled.len();
    spoiled[lines - 1] = format!("{{\"seal\":{{\"lines\":{lines}}}}}");
    resealed(&spoiled)
}

#[test]
fn a_removed_command_is_found_even_under_fitting_checks() {
    let contents = contents(&record());
    let commands = lines_with(&contents, "\"command\":{");
    assert_eq!(commands.len(), 4);
    for command in commands {
        let difference = difference(&without(&contents, command));
        assert!(
            matches!(difference.finding, Finding::Replay { .. }),
            "line {command}: {difference:?}"
        );
    }
}

/// A record of these contents whose log and seal are numbered anew, under checks that fit.
fn renumbered(contents: &[String]) -> String {
    let mut numbers = 1..;
    let number = |line: &String| {
        let Some((place, body)) = line.split_once("},\"body\":") else {
            return line.clone();
        };
        let (place, _) = place.rsplit_once(':').unwrap();
        format!("{place}:{}}},\"body\":{body}", numbers.next().unwrap())
    };
    let mut contents: Vec<_> = contents.iter().map(number).collect();
    let lines = contents.len();
    contents[lines - 1] = format!("{{\"seal\":{{\"lines\":{lines}}}}}");
    resealed(&contents)
}

/// Every fill and exit, but not its cause: a stop that the last tick reaches closes like the end.
fn came_to(report: &Report) -> Vec<(PositionId, Tick, Option<Chips>)> {
    let steps = report.steps.iter();
    let steps = steps.filter_map(|step| Some((step.position, step.tick?, step.profit)));
    steps.collect()
}

/// Whether a forged record verifies; if so, it is another record of the same result, fills and
/// exits.
fn passes(record: &str, forged: &str) -> bool {
    let Ok(forged) = verify(forged.as_bytes()) else {
        return false;
    };
    let honest = verify(record.as_bytes()).unwrap();
    assert_eq!(forged.result, honest.result);
    // Nothing follows from the fills of a battle that has no result.
    if honest.result.is_some() {
        assert_eq!(came_to(&forged), came_to(&honest));
    }
    assert_ne!(forged.hash, honest.hash);
    true
}

#[test]
fn only_what_alters_no_result_can_be_removed_under_fitting_checks() {
    let (mut removed, mut renumbered_too) = (Vec::new(), Vec::new());
    for (name, record) in records() {
        let contents = contents(record);
        for line in 0..contents.len() - 1 {
            if passes(record, &without(&contents, line)) {
                removed.push((*name, line + 1));
            }
            let mut left = contents.clone();
            left.remove(line);
            if passes(record, &renumbered(&left)) {
                renumbered_too.push((*name, line + 1));
            }
        }
    }
    let expected = [
        // A tick of a leader that was replaced, a gap, a trade that does not count.
        ("everything", 13),
        ("everything", 14),
        ("everything", 22),
        // The last command: an order that nothing fills.
        ("everything", 26),
        // The last tick of a battle without a result.
        ("canceled", 4),
    ];
    assert_eq!(removed, expected);
    let further = [
        // A stop that only the last tick reaches, at which the match ends anyway.
        ("duel", 7),
        // Commands that were refused.
        ("everything", 6),
        ("everything", 17),
        ("everything", 24),
        // The order of a battle without a result.
        ("canceled", 3),
    ];
    let mut expected = [&expected[..], &further].concat();
    expected.sort_by_key(|(name, line)| (records().iter().position(|(n, _)| n == name), *line));
    assert_eq!(renumbered_too, expected);
}

#[test]
fn only_what_alters_no_result_can_be_swapped_under_fitting_checks_and_numbers() {
    let mut passed = Vec::new();
    for (name, record) in records() {
        let contents = contents(record);
        for line in 0..contents.len() - 2 {
            let mut swapped = contents.clone();
            swapped.swap(line, line + 1);
            if passes(record, &renumbered(&swapped)) {
                passed.push((*name, line + 1));
            }
        }
    }
    // Orders of two players that came at the same time.
    let expected = [("duel", 3), ("everything", 3), ("everything", 25)];
    assert_eq!(passed, expected);
}

#[test]
fn a_fill_altered_by_less_than_the_result_shows_is_among_the_steps() {
    let record = named("miniature");
    let altered = record.replacen(
        ":9500000000,\"time\":1000150",
        ":9500000001,\"time\":1000150",
        1,
    );
    let altered = verify(resealed(&contents(&altered)).as_bytes()).unwrap();
    let honest = verify(record.as_bytes()).unwrap();
    assert_eq!(altered.result, honest.result);
    let prices = |report: &Report| {
        let ticks = report.steps.iter().map(|step| step.tick.unwrap().price);
        ticks.map(Price::units).collect::<Vec<_>>()
    };
    assert_eq!(prices(&honest), [9_500_000_000, 11_000_000_000]);
    assert_eq!(prices(&altered), [9_500_000_001, 11_000_000_000]);
}

#[test]
fn a_removed_trade_that_changed_nothing_is_reported() {
    let contents = contents(named("everything"));
    let idle = lines_with(&contents, "\"reason\":\"rejected\"")[0];
    let report = verify(without(&contents, idle).as_bytes()).unwrap();
    let missing = MissingTrades {
        symbol: "BTCUSDT".parse().unwrap(),
        first: 8,
        count: 1,
    };
    assert_eq!(report.tally.missing_trades, [missing]);
    assert_eq!(report.tally.removed_trades, report.tally.missing_trades);
}

#[test]
fn a_replaced_outcome_is_found_even_under_fitting_checks() {
    let contents = contents(&record());
    let command = lines_with(&contents, "\"outcome\":{\"accepted\":")[0];
    let mut spoiled = contents.clone();
    let (asked, _) = spoiled[command].split_once("\"outcome\":").unwrap();
    spoiled[command] = format!("{asked}\"outcome\":{{\"refused\":\"MATCH_NOT_OPEN\"}}}}}}}}}}");
    let difference = difference(&resealed(&spoiled));
    assert_eq!(difference.line, u64::try_from(command + 1).unwrap());
    assert!(
        matches!(difference.finding, Finding::Replay { .. }),
        "{difference:?}"
    );
}

/// Spoils the contents of a record.
type Spoil<'a> = &'a dyn Fn(&mut Vec<String>);

#[test]
fn lines_that_cannot_stand_where_they_are_are_refused() {
    let contents = contents(&record());
    let market = lines_with(&contents, "{\"market\":{\"sequence\"");
    let (first, last) = (market[0], market[market.len() - 1]);
    let spoils: [Spoil<'_>; 6] = [
        &|lines| lines.swap(first, first + 1),
        &|lines| lines[first] = lines[first].replace("BTCUSDT", "DOGEUSDT"),
        &|lines| lines.insert(last + 1, lines[last].replace(":10,", ":11,")),
        &|lines| lines.insert(first, lines[1].clone()),
        &|lines| lines.swap(0, 1),
        &|lines| lines.insert(1, lines[0].clone()),
    ];
    for (number, spoil) in spoils.into_iter().enumerate() {
        let mut spoiled = contents.clone();
        spoil(&mut spoiled);
        assert_ne!(spoiled, contents);
        let difference = difference(&resealed(&spoiled));
        let out_of_place = matches!(difference.finding, Finding::OutOfPlace { .. });
        assert!(out_of_place, "{number}: {difference:?}");
    }
}

#[test]
fn an_altered_result_is_found_even_under_fitting_checks() {
    let mut contents = contents(&record());
    let result = lines_with(&contents, "{\"result\":")[0];
    contents[result] = contents[result].replace("\"rank\":2", "\"rank\":1");
    let difference = difference(&resealed(&contents));
    assert_eq!(difference.line, u64::try_from(result + 1).unwrap());
    let said = difference.finding.to_string();
    assert!(
        said.contains("\"rank\":2") && said.contains("\"rank\":1"),
        "{said}"
    );
}

#[test]
fn an_unknown_rules_version_is_refused_by_name() {
    let mut contents = contents(&record());
    contents[0] = "{\"header\":{\"rules\":\"battlesbit-9\",\"dice\":[6]}}".to_owned();
    let difference = difference(&resealed(&contents));
    assert_eq!(difference.line, 1);
    assert!(
        difference.finding.to_string().contains("battlesbit-9"),
        "{}",
        difference.finding
    );
}

#[test]
fn another_encoding_of_the_same_contents_is_refused() {
    let mut contents = contents(&record());
    contents[2] = contents[2].replacen(':', ": ", 1);
    let difference = difference(&resealed(&contents));
    assert_eq!(difference.line, 3);
    assert!(matches!(difference.finding, Finding::NotCanonical { .. }));
}

#[test]
fn a_record_that_stops_early_or_goes_on_is_refused() {
    let record = record();
    let cut = record.lines().count() - 2;
    let short: String = record
        .lines()
        .take(cut)
        .map(|line| format!("{line}\n"))
        .collect();
    assert!(matches!(difference(&short).finding, Finding::Truncated));
    assert!(matches!(
        difference(record.trim_end()).finding,
        Finding::Truncated
    ));
    assert!(matches!(
        difference(&format!("{record}x")).finding,
        Finding::Trailing
    ));
    assert!(matches!(difference("").finding, Finding::Truncated));
}

#[test]
fn a_line_without_end_is_not_read_to_its_end() {
    let endless = std::io::BufReader::new(std::io::repeat(b'x'));
    let difference = verify(endless).expect_err("an endless line");
    assert!(matches!(difference.finding, Finding::TooLong));
}

#[test]
fn a_canceled_and_a_finalised_battle_have_records_too() {
    for cancel in [true, false] {
        let mut scene = Scene::new();
        scene.accept(0, 100, order(Side::Buy));
        scene.tick(200, 96);
        if cancel {
            scene
                .engine
                .cancel_battle(battle(0), &mut scene.effects)
                .unwrap();
        } else {
            assert!(scene.engine.finalise(battle(0), &mut scene.effects));
        }
        let report = verify(text(scene).as_bytes()).unwrap();
        assert_eq!(report.result.is_none(), cancel);
    }
}

#[test]
fn a_record_leaves_out_other_assets_but_not_a_new_leader() {
    let mut scene = Scene::new();
    scene.tick_of("DOGEUSDT", 100, 1);
    scene.epoch = Epoch(2);
    scene.tick_of("DOGEUSDT", 200, 2);
    scene.tick_of("DOGEUSDT", 300, 3);
    scene.epoch = Epoch(1);
    scene.tick(400, 50);
    scene.epoch = Epoch(2);
    scene.send(0, 500, CommandBody::New(order(Side::Buy)));
    scene.end();
    let record = text(scene);
    verify(record.as_bytes()).unwrap();
    assert_eq!(lines_with(&contents(&record), "DOGEUSDT").len(), 1);
}
