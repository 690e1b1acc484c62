//! What a market entry sets off.

use super::Engine;
use super::book::{Due, Key};
use super::effects::Effects;
use crate::id::BattleId;
use crate::market::{MarketEntry, MarketEvent, Tick};
use crate::symbol::Symbol;
use crate::timestamp::Timestamp;

/// How many positions are fetched into the caches at a time.
const FETCHED: usize = 64;

impl Engine {
    /// Applies the market entry at `sequence`. One that was applied before does nothing.
    pub fn market(&mut self, sequence: u64, entry: &MarketEntry, effects: &mut Effects) {
        if sequence <= self.sequence {
            return;
        }
        self.sequence = sequence;
        if entry.epoch < self.epoch {
            return;
        }
        self.epoch = entry.epoch;
        match &entry.event {
            MarketEvent::Tick { symbol, tick } => self.tick(symbol, *tick, effects),
            MarketEvent::Watermark { symbol, time } => self.watermark(symbol, *time, effects),
            MarketEvent::Offset { ahead_ns } => self.ahead_ns = *ahead_ns,
            MarketEvent::Gap { .. } | MarketEvent::Note { .. } => {}
        }
    }

    fn tick(&mut self, symbol: &Symbol, tick: Tick, effects: &mut Effects) {
        let index = self.directory.find_or_insert(symbol);
        let Some(asset) = self.directory.get_mut(index) else {
            return;
        };
        if asset.passes_over(tick) {
            return;
        }
        if !asset.is_due(tick.time) && !asset.fires(tick.price) {
            asset.set_tick(tick);
            return;
        }
        self.stir(index, tick, effects);
    }

    /// Applies a tick that falls on something.
    #[cold]
    fn stir(&mut self, index: usize, tick: Tick, effects: &mut Effects) {
        let Some(asset) = self.directory.get_mut(index) else {
            return;
        };
        // A battle that ends here ends at the tick before this one.
        let due = asset.take_due(tick.time);
        self.perform(index, due, tick.time, effects);
        let Some(asset) = self.directory.get_mut(index) else {
            return;
        };
        asset.set_tick(tick);
        let mut fired = std::mem::take(&mut self.fired);
        asset.take_fired(tick.price, &mut fired);
        fired.sort_unstable();
        fired.dedup();
        effects.reserve(fired.len());
        let one_battle = |one: &Key, other: &Key| one.battle == other.battle;
        let mut battles: Vec<(Option<BattleId>, &[Key])> = fired
            .chunk_by(one_battle)
            .map(|keys| (keys.first().and_then(|key| self.id(key.battle)), keys))
            .collect();
        battles.sort_unstable();
        for (_, keys) in battles {
            let slot = keys.first().map(|key| key.battle);
            let Some(mut turn) = slot.and_then(|slot| self.turn(slot, effects)) else {
                continue;
            };
            turn.firing = Some(tick.price);
            for keys in keys.chunks(FETCHED) {
                turn.battle.fetch(keys);
                for key in keys {
                    turn.fire(key.number, tick);
                }
            }
        }
        if let Some(asset) = self.directory.get_mut(index) {
            asset.clear(&mut self.siblings);
        }
        fired.clear();
        self.fired = fired;
    }

    fn watermark(&mut self, symbol: &Symbol, time: Timestamp, effects: &mut Effects) {
        let index = self.directory.find_or_insert(symbol);
        let Some(asset) = self.directory.get_mut(index) else {
            return;
        };
        if asset.watermark().is_some_and(|newest| time < newest) {
            return;
        }
        asset.set_watermark(time);
        let mut due = asset.take_due(time);
        due.extend(asset.take_stale(time));
        self.perform(index, due, time, effects);
    }

    /// Does what has fallen due on an asset, battle by battle.
    fn perform(&mut self, asset: usize, due: Vec<Due>, time: Timestamp, effects: &mut Effects) {
        let mut due: Vec<_> = due
            .into_iter()
            .map(|due| (self.id(due.battle), due.duty, due.battle))
            .collect();
        due.sort_unstable();
        for (_, duty, slot) in due {
            let Some(mut turn) = self.turn(slot, effects) else {
                continue;
            };
            let listing = turn
                .battle
                .listings
                .iter()
                .position(|listing| listing.asset == asset);
            if let Some(listing) = listing {
                turn.perform(duty, time, listing);
            }
        }
    }
}
