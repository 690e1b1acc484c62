//! From Postgres to ready: an arena starts where a million positions are open.

use contracts::Service;
use futures::TryStreamExt;
use measure::Figure;
use sea_orm::sqlx;
use tokio::time::Instant;

use crate::BENCH;
use crate::floor::{Floor, ready};
use crate::world::SPREAD;

const POSITIONS: usize = 1_000_000;
const PLAYERS: usize = 125;
/// The middle one counts.
const ROUNDS: usize = 3;
/// What it may take, in seconds.
const GOAL_S: f64 = 5.0;
/// The most that it may be slower than reading the rows.
const GOAL_RATIO: f64 = 2.0;
/// The tables that fill up: those of battles and players are small.
const READ: [&str; 4] = [
    "SELECT * FROM positions",
    "SELECT * FROM position_outcomes",
    "SELECT * FROM arena_participants",
    "SELECT * FROM arena_battles",
];

pub(crate) async fn measure() {
    let (floor, _) = Floor::filled(PLAYERS, POSITIONS, &SPREAD).await;
    floor.settle().await;
    let (mut reloads, mut reads) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        reads.push(read(&floor).await);
        reloads.push(reload(&floor).await);
    }
    eprintln!("reload_1m: {reloads:.2?} s, a SELECT of the rows {reads:.2?} s");
    let (value, baseline) = (middle(reloads), middle(reads));
    let ratio = value / baseline;
    Figure {
        name: "reload_1m",
        value,
        unit: "s",
        baseline,
        ratio,
        goal: GOAL_S,
        met: value <= GOAL_S && ratio <= GOAL_RATIO,
    }
    .print(BENCH);
}

/// Seconds from the start of an arena until it is ready.
async fn reload(floor: &Floor) -> f64 {
    let began = Instant::now();
    let mut arena = floor.start(Service::Arena);
    let took = ready(floor, &arena, began).await;
    let memory = memory_mb(&arena);
    eprintln!("reload_1m: the arena holds {memory} MB");
    assert!(arena.terminate().await.success(), "{}", arena.stderr());
    let open = "SELECT count(*) FROM positions WHERE status = 'OPEN'";
    let open = usize::try_from(floor.number(open).await).unwrap();
    assert_eq!(open, POSITIONS, "some were touched");
    took.as_secs_f64()
}

/// The most that the process has held so far.
fn memory_mb(arena: &testkit::Process) -> u64 {
    let status = format!("/proc/{}/status", arena.id().unwrap());
    let status = std::fs::read_to_string(status).unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let peak = peak.and_then(|peak| peak.trim().strip_suffix(" kB"));
    peak.and_then(|kb| kb.parse::<u64>().ok())
        .unwrap_or_default()
        / 1_024
}

/// Seconds that it takes to stream every row past.
async fn read(floor: &Floor) -> f64 {
    let began = Instant::now();
    let mut read = 0;
    for select in READ {
        let mut rows = sqlx::query(select).fetch(floor.pool());
        while rows.try_next().await.unwrap().is_some() {
            read += 1;
        }
    }
    assert!(read > 2 * POSITIONS, "rows are missing");
    began.elapsed().as_secs_f64()
}

fn middle(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
