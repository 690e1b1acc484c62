//! The long run of the oracle: plays random battles, small ones and crowds, to the engine and to
//! the naive one of the tests until enough positions have seen enough ticks. Prints one JSON
//! object; fails with the shortest script that it finds when the engines differ, and when the run
//! was too short to meet every case.
//!
//! `cargo run --release -p domain --example oracle -- --position-ticks 100000000 --seed 1`. It
//! trades on the recorded frames of the exchange's fixture too, or on those of `--frames <file>`.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::wildcard_enum_match_arm,
    reason = "a measurement fails by panicking, and speaks to whoever runs it"
)]

#[path = "../tests/oracle/compare.rs"]
mod compare;
#[path = "../tests/oracle/coverage.rs"]
mod coverage;
#[path = "../tests/oracle/driver.rs"]
mod driver;
#[path = "../tests/oracle/frames.rs"]
mod frames;
#[path = "../tests/oracle/naive.rs"]
mod naive;
#[path = "../tests/oracle/random.rs"]
mod random;
#[path = "../tests/oracle/script/mod.rs"]
mod script;
#[path = "../tests/oracle/shrink.rs"]
mod shrink;

use std::process::ExitCode;
use std::time::Instant;

use serde_json::json;

use crate::coverage::Coverage;
use crate::driver::Driver;
use crate::script::{Script, bazaar, crowd, recorded, rich, script, tireless};

/// Random scripts between two crowds, beside one of each other kind.
const SMALL: u64 = 250;
/// How long a script may be for its standings to be compared after every step.
const SHORT: usize = 1_000;

/// What a run has done so far.
#[derive(Default)]
struct Run {
    scripts: u64,
    commands: usize,
    ticks: u64,
    position_ticks: u64,
    coverage: Coverage,
}

impl Run {
    fn play(&mut self, script: &Script) {
        let mut driver = Driver::new(script);
        driver.duel.standings = script.steps.len() < SHORT;
        if let Err(difference) = driver.play() {
            eprintln!("{difference}");
            panic!("shortened:\n{}", shrink::shrunk(script));
        }
        self.scripts += 1;
        self.commands += driver.commands.len();
        self.ticks += driver.ticks;
        self.position_ticks += driver.duel.naive.position_ticks;
        self.coverage.add(&driver.duel.naive.coverage);
    }
}

fn option(name: &str) -> Option<String> {
    let mut all = std::env::args().skip_while(|argument| argument != name);
    all.nth(1)
}

fn number(name: &str, default: u64) -> u64 {
    option(name).map_or(default, |text| text.replace('_', "").parse().unwrap())
}

fn main() -> ExitCode {
    let goal = number("--position-ticks", 100_000_000);
    let first = number("--seed", 1);
    let frames = option("--frames").unwrap_or_else(|| frames::FIXTURE.to_owned());
    let market = frames::market(frames.as_ref());
    let began = Instant::now();
    let mut run = Run::default();
    run.play(&tireless());
    run.play(&rich());
    let mut seed = first.wrapping_mul(1_000_000_007);
    let mut round = 0;
    while run.position_ticks < goal {
        for _ in 0..SMALL {
            seed += 1;
            run.play(&script(seed));
        }
        run.play(&bazaar(seed));
        run.play(&recorded(seed, &market));
        let (players, each, ticks) = match round % 8 {
            0 | 2 | 4 | 6 => (20, 10, 2_000),
            1 | 5 => (100, 10, 3_000),
            3 => (250, 20, 2_000),
            _ => (500, 20, 2_000),
        };
        run.play(&crowd(seed, players, each, ticks));
        round += 1;
        let seconds = began.elapsed().as_secs();
        eprintln!(
            "{seconds} s: {} of {goal} position-ticks",
            run.position_ticks
        );
    }
    let coverage = &run.coverage;
    let exits = coverage.starting_with("Closed") + coverage.starting_with("Liquidated");
    let missing = coverage.missing();
    println!(
        "{}",
        json!({
            "seed": first,
            "position_ticks": run.position_ticks,
            "scripts": run.scripts,
            "commands": run.commands,
            "ticks": run.ticks,
            "fills": coverage.count("Filled"),
            "exits": exits,
            "cases_met": coverage.rarest().len(),
            "cases_missing": missing,
            "seconds": began.elapsed().as_secs(),
        })
    );
    if missing.is_empty() {
        return ExitCode::SUCCESS;
    }
    eprintln!("not met: {}", missing.join(", "));
    ExitCode::FAILURE
}
