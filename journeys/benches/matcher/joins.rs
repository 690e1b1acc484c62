//! Joins at moments that were fixed beforehand: how long each takes until its player hears of the
//! match.

use std::collections::BTreeMap;
use std::time::Duration;

use bus::Listener;
use contracts::Topic;
use contracts::battles::BattleOpened;
use domain::id::UserId;
use futures::{StreamExt, stream};
use measure::{Figure, Histogram};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until, timeout};

use crate::BENCH;
use crate::floor::{Floor, LIMIT, LONG_MS, join, match_of, reached};

const JOINS_PER_S: u32 = 1_000;
/// How many have joined before: Postgres keeps reading tables from end to end that were empty when it
/// first looked at them.
const BEFORE: usize = 4_000;
/// How many of those at a time.
const AT_ONCE: usize = 128;
/// What happens in the first seconds counts as complete or not, and not in the latencies.
const WARM_UP: Duration = Duration::from_secs(5);
const MEASURED: Duration = Duration::from_secs(30);
const GOAL_MS: f64 = 100.0;
/// Where the disk is slower than that, so many times its fdatasync.
const GOAL_SYNCS: f64 = 3.0;

/// When each player heard of the match.
type Opened = BTreeMap<UserId, Instant>;

pub(crate) async fn measure(syncs: &Histogram<u64>) {
    let floor = std::sync::Arc::new(Floor::new().await);
    let count = (WARM_UP + MEASURED).as_secs() * u64::from(JOINS_PER_S);
    let players = floor.players(usize::try_from(count).unwrap()).await;
    let game = floor.game(match_of(2, LONG_MS)).await;
    stream::iter(floor.players(BEFORE).await)
        .map(async |player| floor.ask(&join(player, game)).await)
        .buffer_unordered(AT_ONCE)
        .collect::<Vec<_>>()
        .await;
    reached(Instant::now(), async || {
        let seats = floor.number("SELECT count(*) FROM seats").await;
        usize::try_from(seats) == Ok(BEFORE)
    })
    .await;
    floor.settle().await;
    let opened = Topic::BattleOpened.pattern();
    let opened = floor.bus.listen(opened).await.unwrap();
    let mut listening = JoinSet::new();
    listening.spawn(hear(opened, players.len()));

    let mut sending = JoinSet::new();
    let began = Instant::now();
    let every = Duration::from_secs(1) / JOINS_PER_S;
    for (number, player) in (0..).zip(&players) {
        let (at, floor, add) = (began + every * number, floor.clone(), join(*player, game));
        sleep_until(at).await;
        sending.spawn(async move {
            floor.ask(&add).await;
            (add.player, at, at.elapsed())
        });
    }
    let answered = sending.join_all().await;
    let opened = listening.join_next().await.unwrap().unwrap();

    let (mut joined_us, mut matched_us) = (measure::histogram(), measure::histogram());
    for (player, at, took) in answered {
        if at >= began + WARM_UP {
            joined_us.record(us(took)).unwrap();
            matched_us.record(us(opened[&player] - at)).unwrap();
        }
    }
    floor.complete().await;
    measure::tell("join, until it is answered", "µs", &joined_us);
    measure::tell("join_to_match_p99_ms", "µs", &matched_us);
    let (value, sync_ms) = (
        measure::at(&matched_us, 0.99) / 1e3,
        measure::at(syncs, 0.99) / 1e6,
    );
    let goal = GOAL_MS.max(GOAL_SYNCS * sync_ms);
    Figure {
        name: "join_to_match_p99_ms",
        value,
        unit: "ms",
        baseline: sync_ms,
        ratio: value / sync_ms,
        goal,
        met: value <= goal,
    }
    .print(BENCH);
}

/// Hears of matches until so many players are in one.
async fn hear(mut matches: Listener, players: usize) -> Opened {
    let mut opened = Opened::new();
    while opened.len() < players {
        let heard = timeout(LIMIT, matches.next()).await;
        let heard = heard.expect("players are in no match").unwrap();
        let at = Instant::now();
        let battle: BattleOpened = serde_json::from_slice(&heard.payload).unwrap();
        for player in battle.players {
            assert_eq!(opened.insert(player, at), None, "in two matches");
        }
    }
    opened
}

fn us(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap()
}
