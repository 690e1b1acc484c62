//! A tick that fires nothing allocates nothing: no allocator may come between a price and the
//! triggers that wait for it. Alone in its program, for it counts what the whole program does.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[expect(dead_code, reason = "the benchmark looks at more of it")]
#[path = "../../benches/engine/world.rs"]
mod world;

use world::{Size, World};

#[global_allocator]
static ALLOCATOR: dhat::Alloc = dhat::Alloc;

const SIZE: Size = Size {
    shards: 2,
    assets: 3,
    players: 5,
    positions: 3_000,
};
const ROUNDS: usize = 100;

#[test]
fn a_tick_that_fires_nothing_allocates_nothing() {
    let _profiler = dhat::Profiler::builder().testing().build();
    let blocks = || dhat::HeapStats::get().total_blocks;
    let before = blocks();
    let mut world = World::open(SIZE);
    assert!(blocks() > before, "the allocator does not count");
    for round in 0..ROUNDS {
        let entry = world.quiet(round % SIZE.assets);
        let before = blocks();
        world.apply(&entry);
        assert_eq!(blocks(), before, "tick {round}");
    }
    assert_eq!(world.open_positions(), SIZE.positions, "something fired");
}
