//! What the engine is compared with: a scan of every position, and ordered maps without cached
//! keys.

use std::collections::BTreeSet;
use std::hint::black_box;

use domain::market::{Epoch, MarketEntry, MarketEvent, Tick};
use domain::timestamp::Timestamp;

/// The levels of one asset's positions, a column for each direction: as tight as a scan gets.
pub(crate) struct Scan {
    below: Vec<i64>,
    above: Vec<i64>,
}

impl Scan {
    pub(crate) fn new(levels: impl Iterator<Item = (i64, i64)>) -> Self {
        let (below, above) = levels.unzip();
        Self { below, above }
    }

    pub(crate) fn columns(&self) -> (&[i64], &[i64]) {
        (&self.below, &self.above)
    }
}

/// How many positions of these columns fire at `price`.
#[inline(never)]
pub(crate) fn fired((below, above): (&[i64], &[i64]), price: i64) -> u64 {
    let below = below.iter().map(|level| u64::from(price <= *level));
    let above = above.iter().map(|level| u64::from(price >= *level));
    black_box(below.sum::<u64>() + above.sum::<u64>())
}

/// A shard that looks into its ordered sets at every tick. It is given the index of the asset,
/// and so saves the look-up that the engine has to do.
pub(crate) struct MapShard {
    sequence: u64,
    epoch: Epoch,
    assets: Vec<MapAsset>,
}

struct MapAsset {
    tick: Option<Tick>,
    watermark: Option<Timestamp>,
    below: BTreeSet<(i64, u64)>,
    above: BTreeSet<(i64, u64)>,
}

impl MapShard {
    pub(crate) fn new(assets: usize) -> Self {
        let asset = |_| MapAsset {
            tick: None,
            watermark: None,
            below: BTreeSet::new(),
            above: BTreeSet::new(),
        };
        Self {
            sequence: 0,
            epoch: Epoch(0),
            assets: (0..assets).map(asset).collect(),
        }
    }

    pub(crate) fn insert(&mut self, asset: usize, key: u64, (below, above): (i64, i64)) {
        let asset = &mut self.assets[asset];
        asset.below.insert((below, key));
        asset.above.insert((above, key));
    }

    /// Applies a tick: deduplication, last price, and how many positions fire.
    pub(crate) fn market(&mut self, sequence: u64, index: usize, entry: &MarketEntry) -> usize {
        let MarketEvent::Tick { tick, .. } = &entry.event else {
            return 0;
        };
        if sequence <= self.sequence || entry.epoch < self.epoch {
            return 0;
        }
        self.sequence = sequence;
        self.epoch = entry.epoch;
        let asset = &mut self.assets[index];
        let late = asset.watermark.is_some_and(|newest| tick.time <= newest)
            || asset.tick.is_some_and(|last| tick.time < last.time);
        if late {
            return 0;
        }
        asset.tick = Some(*tick);
        let price = tick.price.units();
        let below = asset.below.range((price, u64::MIN)..).count();
        below + asset.above.range(..=(price, u64::MAX)).count()
    }
}
