//! What a record must not let pass.

use sha2::{Digest, Sha256};

use super::*;
use crate::fixture::{Play, Scene, battle, order, price};
use crate::order::{CommandBody, Entered, LevelChange, NewOrder, OrderKind, Side};

/// A battle in which every tick and every command matters.
fn record() -> String {
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
    text(scene)
}

fn text(scene: Scene) -> String {
    String::from_utf8(Play::from(scene).record(0).0).unwrap()
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

#[test]
fn the_encoding_of_a_record_never_changes() {
    let golden = include_str!("golden.record");
    assert_eq!(record(), golden);
}

#[test]
fn a_changed_byte_is_named_by_its_line() {
    let record = record();
    let bytes = record.as_bytes();
    for at in (0..bytes.len()).step_by(7) {
        let mut spoiled = bytes.to_vec();
        spoiled[at] ^= 1;
        let line = 1 + bytes[..at].iter().filter(|byte| **byte == b'\n').count();
        let difference = verify(spoiled.as_slice()).expect_err("a changed byte");
        assert_eq!(difference.line, u64::try_from(line).unwrap(), "byte {at}");
    }
}

#[test]
fn a_removed_tick_is_found_even_under_fitting_checks() {
    let contents = contents(&record());
    for tick in lines_with(&contents, "\"tick\":{\"symbol\"") {
        let mut spoiled = contents.clone();
        spoiled.remove(tick);
        let lines = spoiled.len();
        spoiled[lines - 1] = format!("{{\"seal\":{{\"lines\":{lines}}}}}");
        let found = verify(resealed(&spoiled).as_bytes()).map(|report| report.result);
        assert!(found.is_err(), "line {tick}: {}", contents[tick]);
    }
}

#[test]
fn an_altered_price_is_found_even_under_fitting_checks() {
    let contents = contents(&record());
    let ticks = lines_with(&contents, "\"market\":{\"sequence\"");
    let mut found = 0;
    for tick in ticks {
        let mut spoiled = contents.clone();
        spoiled[tick] = spoiled[tick].replace("\"price\":9", "\"price\":8");
        if spoiled != contents {
            found += 1;
            let difference = difference(&resealed(&spoiled));
            assert!(
                matches!(difference.finding, Finding::Replay { .. }),
                "{difference:?}"
            );
        }
    }
    assert_eq!(found, 3);
}

#[test]
fn a_reordered_command_is_found_even_under_fitting_checks() {
    let contents = contents(&record());
    let commands = lines_with(&contents, "\"command\":{");
    for pair in commands.windows(2) {
        let mut spoiled = contents.clone();
        spoiled.swap(pair[0], pair[1]);
        difference(&resealed(&spoiled));
    }
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
