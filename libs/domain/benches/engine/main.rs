//! What the engine costs: ticks that fire nothing, bursts that fire much, memory, standings.
//! docs/bench.md says what each figure means.
//!
//! The profiling allocator counts only while [`memory`] runs, and where nothing may be allocated.

#![expect(
    clippy::unwrap_used,
    clippy::print_stderr,
    clippy::cast_precision_loss,
    reason = "a measurement fails by panicking, and speaks to whoever runs it"
)]

mod baseline;
mod cold;
mod world;

use std::hint::black_box;

use domain::engine::{Effects, Engine, Fact, PositionChange};
use measure::{Figure, Histogram, Watch, at, histogram, tell};

use self::baseline::{MapShard, Scan, fired};
use self::cold::Cold;
use self::world::{BURST, ENTRY, Size, World, battle, wish};

/// As `./just bench` takes it.
const BENCH: &str = "engine";

#[global_allocator]
static ALLOCATOR: dhat::Alloc = dhat::Alloc;

/// Ticks measured cold; each takes a walk over three times the last-level cache.
const COLD_TICKS: usize = 1_000;
/// The same where only the middle one counts.
const COLD_PAIRS: u64 = 200;
/// Standings measured.
const STANDINGS: usize = 5_000;
/// Restored shards whose kept outcomes are weighed.
const WEIGHED: usize = 4;

const MILLION: Size = Size {
    shards: 64,
    assets: 20,
    players: 125,
    positions: 1_000_000,
};

fn main() {
    measure::machine();
    let named: Vec<String> = std::env::args()
        .skip(1)
        .filter(|name| !name.starts_with('-'))
        .collect();
    let wants = |figure: &str| named.is_empty() || named.iter().any(|name| figure.contains(name));
    let mut cold = Cold::new();
    if wants("quiet_tick_ns") || wants("quiet_tick_vs_map") || wants("burst_ns") {
        let mut world = World::open(MILLION);
        if wants("quiet_tick_ns") {
            let mut few = World::open(Size {
                positions: 10_000,
                ..MILLION
            });
            quiet(&mut few, &mut world, &mut cold);
        }
        if wants("quiet_tick_vs_map") {
            map(&mut world, &mut cold);
        }
        if wants("burst_ns") {
            burst("burst_ns", &mut world);
        }
    }
    for (positions, goal) in [(781, 4.0), (50_000, 100.0)] {
        let name = format!("quiet_tick_vs_scan_{positions}");
        if wants(&name) {
            let mut world = World::open(Size {
                shards: 1,
                assets: 1,
                players: 71,
                positions,
            });
            scan(&name, &mut world, &mut cold, goal);
        }
    }
    if wants("burst_one_shard_ns") {
        let mut one = World::open(Size {
            shards: 1,
            assets: 1,
            players: 1_000,
            positions: 1_000_000,
        });
        burst("burst_one_shard_ns", &mut one);
    }
    if wants("leaderboard_us") {
        leaderboard();
    }
    if wants("bytes_per_position") {
        memory();
    }
}

/// A cold tick of all shards that fires nothing, among few positions and among many.
fn quiet(few: &mut World, many: &mut World, cold: &mut Cold) {
    let (few, many) = (cold_ticks(few, cold), cold_ticks(many, cold));
    tell("quiet_tick_ns, 10,000 positions", "ns a shard", &few);
    tell("quiet_tick_ns, 1,000,000 positions", "ns a shard", &many);
    let (value, baseline) = (at(&many, 0.99), at(&few, 0.99));
    let ratio = value / baseline;
    Figure {
        name: "quiet_tick_ns",
        value,
        unit: "ns",
        baseline,
        ratio,
        goal: 150.0,
        met: value <= 150.0,
    }
    .print(BENCH);
    Figure {
        name: "quiet_tick_growth",
        value: ratio,
        unit: "times",
        baseline: 1.0,
        ratio,
        goal: 1.2,
        met: ratio <= 1.2,
    }
    .print(BENCH);
}

/// Nanoseconds a shard of ticks that find nothing of the shards in any cache.
fn cold_ticks(world: &mut World, cold: &mut Cold) -> Histogram<u64> {
    let mut spare = Engine::new(Default::default());
    let mut ticks = histogram();
    let mut sample = 0;
    while sample < COLD_TICKS {
        let entry = world.quiet(sample % world.size.assets);
        cold.chill();
        // The code is warm: the processor runs it for every entry.
        let watch = Watch::start(|| {
            spare.market(world.sequence + 1, &entry, &mut Effects::default());
        });
        world.apply(black_box(&entry));
        if let Some(ns) = watch.ns() {
            ticks.record(ns / world.size.shards as u64).unwrap();
            sample += 1;
        }
    }
    assert!(world.effects.is_empty(), "a quiet tick did something");
    ticks
}

/// The same as [`quiet`], by ordered maps without cached keys.
fn map(world: &mut World, cold: &mut Cold) {
    let size = world.size;
    let mut shards: Vec<MapShard> = Vec::new();
    for shard in 0..size.shards {
        let mut map = MapShard::new(size.assets);
        for number in 0..size.positions_of(shard) {
            let wish = wish(size, shard, number);
            map.insert(wish.asset, number as u64, (wish.below, wish.above));
        }
        shards.push(map);
    }
    let (mut maps, mut ticks) = (histogram(), histogram());
    let mut spare = Engine::new(Default::default());
    let mut spare_map = MapShard::new(size.assets);
    while maps.len().min(ticks.len()) < COLD_PAIRS {
        let asset = usize::try_from(ticks.len()).unwrap() % size.assets;
        let entry = world.quiet(asset);
        cold.chill();
        let watch = Watch::start(|| {
            black_box(spare_map.market(world.sequence + 1, asset, &entry));
        });
        let mut fired = 0;
        for map in &mut shards {
            fired += map.market(world.sequence + 1, asset, black_box(&entry));
        }
        record(&mut maps, watch.ns().map(|ns| ns / size.shards as u64));
        assert_eq!(fired, 0, "the map fired something");
        cold.chill();
        let watch = Watch::start(|| {
            spare.market(world.sequence + 1, &entry, &mut Effects::default());
        });
        world.apply(black_box(&entry));
        record(&mut ticks, watch.ns().map(|ns| ns / size.shards as u64));
    }
    tell("quiet_tick_vs_map, maps", "ns a shard", &maps);
    tell("quiet_tick_vs_map, engine", "ns a shard", &ticks);
    compare("quiet_tick_vs_map", &ticks, &maps, 2.0);
}

/// One shard's tick against a scan of its positions, both cold.
fn scan(name: &str, world: &mut World, cold: &mut Cold, goal: f64) {
    let scan = Scan::new(world.levels(0, 0));
    let (columns, nothing) = (scan.columns(), Scan::new(std::iter::empty()));
    let mut spare = Engine::new(Default::default());
    let (mut scans, mut ticks) = (histogram(), histogram());
    let mut effects = Effects::default();
    while scans.len().min(ticks.len()) < COLD_PAIRS {
        let entry = world.quiet(0);
        cold.chill();
        let watch = Watch::start(|| {
            black_box(fired(nothing.columns(), ENTRY));
        });
        let found = fired(columns, black_box(ENTRY));
        record(&mut scans, watch.ns());
        assert_eq!(found, 0, "the scan fired something");
        world.sequence += 1;
        let sequence = world.sequence;
        let engine = &mut world.engines[0];
        cold.chill();
        let watch = Watch::start(|| {
            spare.market(sequence, &entry, &mut effects);
        });
        engine.market(sequence, black_box(&entry), &mut effects);
        record(&mut ticks, watch.ns());
    }
    assert!(effects.is_empty(), "a quiet tick did something");
    tell(&format!("{name}, scan"), "ns", &scans);
    tell(&format!("{name}, engine"), "ns", &ticks);
    compare(name, &ticks, &scans, goal);
}

/// Keeps a sample that nobody disturbed.
fn record(histogram: &mut Histogram<u64>, ns: Option<u64>) {
    if let Some(ns) = ns {
        histogram.record(ns).unwrap();
    }
}

/// Prints how many times the middle baseline the middle value is faster.
fn compare(name: &str, values: &Histogram<u64>, baselines: &Histogram<u64>, goal: f64) {
    let (value, baseline) = (at(values, 0.5), at(baselines, 0.5));
    let ratio = baseline / value;
    Figure {
        name,
        value,
        unit: "ns",
        baseline,
        ratio,
        goal,
        met: ratio >= goal,
    }
    .print(BENCH);
}

/// A tenth of all positions fires, asset by asset; a quiet tick of the same shards beside it.
fn burst(name: &str, world: &mut World) {
    let size = world.size;
    let mut expected = 0;
    for shard in 0..size.shards {
        let numbers = 0..size.positions_of(shard);
        expected += numbers
            .filter(|number| wish(size, shard, *number).below >= BURST)
            .count();
    }
    let (mut fired, mut disturbed) = (0, 0);
    let (mut calls, mut all_calls) = ((0, 0), (0, 0));
    let (mut bursts, mut quiets) = (histogram(), histogram());
    for asset in 0..size.assets {
        let quiet = world.quiet(asset);
        let watch = Watch::start(|| {});
        world.apply(&quiet);
        quiets.record(watch.stop().0 / size.shards as u64).unwrap();
        let entry = world.tick(asset, BURST);
        world.sequence += 1;
        for engine in &mut world.engines {
            let mut effects = Effects::default();
            let watch = Watch::start(|| {});
            engine.market(world.sequence, black_box(&entry), &mut effects);
            let (ns, undisturbed) = watch.stop();
            let touched = closed(&effects);
            fired += touched;
            all_calls = (all_calls.0 + ns, all_calls.1 + touched);
            if undisturbed {
                bursts.record(ns / touched as u64).unwrap();
                calls = (calls.0 + ns, calls.1 + touched);
            } else {
                disturbed += 1;
            }
        }
    }
    assert_eq!(fired, expected, "the burst lost or invented positions");
    assert_eq!(world.open_positions(), size.positions - expected);
    tell(name, "ns a position", &bursts);
    let measured = if calls.1 == 0 { all_calls } else { calls };
    eprintln!("{name}: {disturbed} calls were disturbed by others, and left out unless all were");
    let (total_ns, fired) = measured;
    let baseline = at(&quiets, 0.5);
    let value = total_ns as f64 / fired as f64;
    Figure {
        name,
        value,
        unit: "ns",
        baseline,
        ratio: value / baseline,
        goal: 600.0,
        met: value <= 600.0,
    }
    .print(BENCH);
}

/// How many positions were closed, each told of once and noted once.
fn closed(effects: &Effects) -> usize {
    let closed = effects.facts.iter().filter(|fact| {
        let Fact::Position { change, .. } = fact else {
            return false;
        };
        matches!(change, PositionChange::Closed { .. })
    });
    let closed = closed.count();
    assert_eq!(effects.facts.len(), closed, "something else happened");
    assert_eq!(effects.touched.positions.len(), closed, "a row is missing");
    closed
}

/// The standings of 100 players in 20 assets, with one position each and with all that a template
/// allows.
fn leaderboard() {
    let standings = |each: usize| {
        let mut world = World::open(Size {
            shards: 1,
            assets: 20,
            players: 100,
            positions: 100 * each,
        });
        let mut standings = histogram();
        for sample in 0..STANDINGS {
            let entry = world.quiet(sample % 20);
            world.apply(&entry);
            let watch = Watch::start(|| {});
            let rows = world.engines[0].standings(black_box(battle(0)));
            record(&mut standings, watch.ns());
            assert_eq!(rows.unwrap().len(), 100, "a player is missing");
        }
        standings
    };
    let most = domain::game::MAX_POSITIONS as usize;
    let (few, many) = (standings(1), standings(most));
    tell("leaderboard_us, 1 position each", "ns", &few);
    tell(
        &format!("leaderboard_us, {most} positions each"),
        "ns",
        &many,
    );
    let (value, baseline) = (at(&many, 0.99) / 1e3, at(&few, 0.99) / 1e3);
    Figure {
        name: "leaderboard_us",
        value,
        unit: "us",
        baseline,
        ratio: value / baseline,
        goal: 50.0,
        met: value <= 50.0,
    }
    .print(BENCH);
    let growth = at(&many, 0.5) / at(&few, 0.5);
    Figure {
        name: "leaderboard_growth",
        value: growth,
        unit: "times",
        baseline: 1.0,
        ratio: growth,
        goal: 1.2,
        met: growth <= 1.2,
    }
    .print(BENCH);
}

/// What a million open positions keep on the heap, and that a quiet tick puts nothing there.
fn memory() {
    let _profiler = dhat::Profiler::builder().testing().build();
    let before = heap();
    let mut world = World::open(MILLION);
    let grown = heap() - before;
    let blocks = dhat::HeapStats::get().total_blocks;
    let entries: Vec<_> = (0..world.size.assets)
        .map(|asset| world.quiet(asset))
        .collect();
    let clones = dhat::HeapStats::get().total_blocks;
    for entry in &entries {
        world.apply(entry);
    }
    let allocated = dhat::HeapStats::get().total_blocks - clones;
    assert!(clones > blocks, "the allocator does not count");
    Figure {
        name: "quiet_tick_allocations",
        value: allocated as f64,
        unit: "blocks",
        baseline: (clones - blocks) as f64,
        ratio: 0.0,
        goal: 0.0,
        met: allocated == 0,
    }
    .print(BENCH);
    let weighed = (0..WEIGHED).map(|shard| kept(&world, shard)).sum::<usize>();
    let weighed_positions: usize = (0..WEIGHED)
        .map(|shard| world.size.positions_of(shard))
        .sum();
    let kept = weighed as f64 / weighed_positions as f64;
    let all = grown as f64 / world.size.positions as f64;
    let value = all - kept;
    Figure {
        name: "bytes_per_position",
        value,
        unit: "bytes",
        baseline: all,
        ratio: value / all,
        goal: 200.0,
        met: value <= 200.0,
    }
    .print(BENCH);
    Figure {
        name: "bytes_per_kept_outcome",
        value: kept,
        unit: "bytes",
        baseline: all,
        ratio: kept / all,
        goal: 150.0,
        met: kept <= 150.0,
    }
    .print(BENCH);
}

/// The bytes of a shard's kept outcomes: what it holds with them and does not without.
fn kept(world: &World, shard: usize) -> usize {
    let weigh = |outcomes: bool| {
        let before = heap();
        let mut rows = world.engines[shard].rows(battle(shard)).unwrap();
        if !outcomes {
            rows.outcomes = Vec::new();
        }
        let engine = Engine::restore(world.market(), vec![rows]).unwrap();
        let weight = heap() - before;
        drop(engine);
        weight
    };
    weigh(true) - weigh(false)
}

/// Bytes on the heap.
fn heap() -> usize {
    dhat::HeapStats::get().curr_bytes
}
