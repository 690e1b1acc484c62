//! What the leaderboard shows.

use super::limit;
use crate::fixture::{Scene, battle, bps, chips, order};
use crate::order::Side;

#[test]
fn live_equity_counts_cash_reserves_and_open_positions() {
    let mut scene = Scene::with(|terms| terms.template.fee_bps = bps(10));
    scene.accept(0, 100, order(Side::Buy));
    scene.accept(1, 100, limit(Side::Sell, 200));
    scene.tick(100, 95);
    scene.tick(200, 114);
    let standings = scene.engine.standings(battle(0)).unwrap();
    let shown: Vec<_> = standings
        .iter()
        .map(|one| (one.rank, one.open_positions))
        .collect();
    assert_eq!(shown, [(1, 1), (2, 0)]);
    // 100 less the open fee of 0.02, and 4 gained; the line may be one unit below.
    assert!((10_397_999_998..=10_398_000_000).contains(&standings[0].equity.units()));
    assert_eq!(standings[1].equity, chips(100));
}
