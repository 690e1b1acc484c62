//! How long shards stand still when one of two arenas is killed: from then until the other has
//! committed, in every shard, what a tick of that moment fires.

use contracts::Service;
use contracts::shard::Shard;
use measure::Figure;
use tokio::time::Instant;

use crate::BENCH;
use crate::floor::{Floor, reached};
use crate::world::{ENTRY, ONE_OF_EACH, SYMBOLS};

const POSITIONS: usize = 10_000;
const PLAYERS: usize = 2;
/// The slowest of these counts.
const ROUNDS: usize = 3;
const GOAL_S: f64 = 5.0;

/// How many shards the arena has that has the fewest.
const FEWEST: &str = "SELECT coalesce(min(shards), 0) FROM (
    SELECT count(*) AS shards FROM arena_shards WHERE owner IS NOT NULL GROUP BY owner) owners";
const CLOSED: &str = "SELECT count(*) FROM positions WHERE status = 'CLOSED'";

/// How an arena ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Killed,
    Stopped,
}

pub(crate) async fn measure() {
    let (mut killed, mut stopped) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        killed.push(round(End::Killed).await);
        stopped.push(round(End::Stopped).await);
    }
    eprintln!("takeover_10k_s: killed {killed:.2?} s, stopped {stopped:.2?} s");
    let slowest = |values: Vec<f64>| values.into_iter().fold(0.0, f64::max);
    let (value, baseline) = (slowest(killed), slowest(stopped));
    Figure {
        name: "takeover_10k_s",
        value,
        unit: "s",
        baseline,
        ratio: value / baseline,
        goal: GOAL_S,
        met: value <= GOAL_S,
    }
    .print(BENCH);
}

async fn round(end: End) -> f64 {
    let (floor, now) = Floor::filled(PLAYERS, POSITIONS, &ONE_OF_EACH).await;
    floor.settle().await;
    let mut arena = floor.start(Service::Arena);
    let mut other = floor.other_arena.start();
    arena.ready().await;
    other.ready().await;
    let half = i64::from(Shard::COUNT) / 2;
    reached(Instant::now(), async || floor.number(FEWEST).await == half).await;
    let began = Instant::now();
    match end {
        End::Killed => arena.kill().await,
        End::Stopped => arena.signal(testkit::Signal::SIGTERM),
    }
    let tail = floor.tick(2, ENTRY - ENTRY / 50, now.plus_ms(1)).await;
    let took = floor.written(tail, began).await;
    let fired = i64::from(Shard::COUNT) * i64::try_from(SYMBOLS.len()).unwrap();
    assert_eq!(floor.number(CLOSED).await, fired, "{}", other.stderr());
    took.as_secs_f64()
}
