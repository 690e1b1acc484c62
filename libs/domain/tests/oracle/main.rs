//! The rules twice: the engine against a naive one that was written from the rules alone, over
//! markets and players that nobody wrote, and the laws that both obey.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::wildcard_enum_match_arm,
    reason = "a test fails by panicking, and says what it leaves out"
)]

mod compare;
mod coverage;
mod driver;
mod frames;
mod laws;
mod naive;
mod random;
mod script;
mod shrink;
mod sniper;
mod table;

use std::path::{Path, PathBuf};

use crate::coverage::Coverage;
use crate::driver::Driver;
use crate::script::Script;
use crate::shrink::shrunk;

/// Scripts of the short run. What they come upon is the same every time.
const SCRIPTS: u64 = 5_000;
/// Names a file of recorded frames that belongs to no repository.
const FRAMES: &str = "BATTLESBIT_TEST_FRAMES";

/// Plays a script to both engines; returns the position-ticks.
fn play(script: &Script, coverage: &mut Coverage) -> u64 {
    let mut driver = Driver::new(script);
    driver.duel.standings = script.steps.len() < 1_000;
    if driver.play().is_err() {
        panic!("{}", shrunk(script));
    }
    coverage.add(&driver.duel.naive.coverage);
    driver.duel.naive.position_ticks
}

#[test]
fn both_engines_agree_on_scripts_that_meet_every_case() {
    let mut coverage = Coverage::default();
    let mut position_ticks = play(&script::tireless(), &mut coverage);
    position_ticks += play(&script::rich(), &mut coverage);
    for seed in 0..SCRIPTS {
        position_ticks += play(&script::script(seed), &mut coverage);
    }
    println!("{position_ticks} position-ticks");

    assert_eq!(coverage.missing(), Vec::<&str>::new());
    let met = coverage.rarest().into_iter().map(|(name, _)| name);
    let refused = met.filter(|name| name.contains(": ") && !name.ends_with(": accepted"));
    let documented = table::documented();
    let other: Vec<String> = refused.filter(|name| !documented.contains(name)).collect();
    assert_eq!(other, Vec::<String>::new(), "no documentation has these");
}

#[test]
fn both_engines_agree_where_the_market_has_more_assets_than_the_engine_has_places() {
    let mut coverage = Coverage::default();
    for seed in 0..200 {
        play(&script::bazaar(seed), &mut coverage);
    }
    let fills = coverage.count("Filled");
    assert!(fills > 500, "{fills} fills");
    assert!(coverage.count("engine restored") > 20);
}

#[test]
fn both_engines_agree_on_a_crowd() {
    let mut coverage = Coverage::default();
    let position_ticks = play(&script::crowd(1, 100, 30, 3_000), &mut coverage);
    println!("{position_ticks} position-ticks");
    assert!(position_ticks > 1_000_000, "{position_ticks}");
    let exits = coverage.starting_with("Closed") + coverage.starting_with("Liquidated");
    assert!(exits > 500, "{exits} exits");
}

/// Trades battles on recorded frames.
fn agree_on(path: &Path) {
    let market = frames::market(path);
    let mut coverage = Coverage::default();
    let mut position_ticks = 0;
    for seed in 0..10 {
        position_ticks += play(&script::recorded(seed, &market), &mut coverage);
    }
    let fills = coverage.count("Filled");
    println!(
        "{} entries, {fills} fills, {position_ticks} position-ticks",
        market.len()
    );

    assert!(fills > 100, "{fills} fills");
    assert!(
        coverage.count("Closed StopLoss") > 0,
        "{:?}",
        coverage.rarest()
    );
}

#[test]
fn both_engines_agree_on_the_fixture() {
    agree_on(&Path::new("../..").join(frames::FIXTURE));
}

#[test]
fn both_engines_agree_on_recorded_frames_of_the_real_exchange_where_they_are_named() {
    match std::env::var_os(FRAMES) {
        Some(path) => agree_on(&PathBuf::from(path)),
        None => println!("not played: {FRAMES} names no file of recorded frames"),
    }
}
