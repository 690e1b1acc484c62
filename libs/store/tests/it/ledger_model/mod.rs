//! The ledger against the simplest thing that could be right, on whatever anybody might send it,
//! over connections that break at any statement.
//!
//! The short run is one of the suite's tests. `./just soak ledger` plays millions.

mod author;
mod book;
mod compare;
mod game;
mod random;
mod reference;
mod way;

use tokio::runtime::Builder;
use tokio::task::JoinSet;

use self::game::{Game, Tally};

/// How many transfers are sent in all; 6,000 unless it says another number.
const OPERATIONS: &str = "BATTLESBIT_TEST_LEDGER_OPERATIONS";
/// Where the random numbers begin.
const SEED: &str = "BATTLESBIT_TEST_LEDGER_SEED";
/// How many games are played at once.
const TABLES: u64 = 4;
/// The most transfers of one game: it begins with an empty database.
const GAME: u64 = 20_000;

/// What has to be met, so that a run shows anything.
const ANSWERS: &[&str] = &[
    "Opened(false)",
    "Opened(true)",
    "Posted(Err(HoldEnded))",
    "Posted(Err(HoldExpired))",
    "Posted(Err(HoldNotExpired))",
    "Posted(Err(Insufficient))",
    "Posted(Err(KeyReused))",
    "Posted(Err(OutOfRange))",
    "Posted(Err(UnknownHold))",
    "Posted(Ok(Before))",
    "Posted(Ok(Now))",
];

fn number(name: &str, default: u64) -> u64 {
    match std::env::var(name) {
        Ok(text) => text.replace('_', "").parse().expect(name),
        Err(_) => default,
    }
}

/// Plays games one after the other until so many transfers were sent.
#[expect(clippy::print_stdout, reason = "whoever plays millions sees them go")]
async fn play(first_seed: u64, operations: u64) -> Tally {
    let mut all = Tally::default();
    for seed in first_seed.. {
        let left = operations.saturating_sub(all.operations);
        if left == 0 {
            break;
        }
        let tally = Game::new(seed).await.play(left.min(GAME)).await;
        all.add(tally);
        println!("{} of {operations} operations", all.operations);
    }
    all
}

#[test]
fn the_ledger_does_what_maps_in_memory_do() {
    let operations = number(OPERATIONS, 6_000);
    let seed = number(SEED, 1);
    let runtime = Builder::new_multi_thread().enable_all().build().unwrap();
    let tally = runtime.block_on(async {
        let mut games = JoinSet::new();
        for table in 0..TABLES {
            let first_seed = (seed * TABLES + table) * 1_000_000;
            games.spawn(play(first_seed, operations.div_ceil(TABLES)));
        }
        let mut all = Tally::default();
        for tally in games.join_all().await {
            all.add(tally);
        }
        all
    });
    println!("{tally:#?}");

    let answers: Vec<_> = tally.answers.keys().map(String::as_str).collect();
    assert_eq!(answers, ANSWERS);
    assert_eq!(
        tally.cuts.len(),
        2 * way::STATEMENTS.len(),
        "{:?}",
        tally.cuts
    );
    let in_doubt = tally.broken.keys().copied().collect::<Vec<_>>();
    assert_eq!(in_doubt, [false, true]);
}
