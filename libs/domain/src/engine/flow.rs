//! What a market entry sets off.

use super::Engine;
use super::book::Due;
use super::effects::Effects;
use crate::market::{MarketEntry, MarketEvent, Tick};
use crate::symbol::Symbol;
use crate::timestamp::Timestamp;

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
        let index = self.asset_index(symbol);
        let Some(asset) = self.assets.get_mut(index) else {
            return;
        };
        if asset.is_late(tick.time) {
            return;
        }
        // A battle that ends here ends at the tick before this one.
        let due = asset.book.take_due(tick.time);
        self.perform(index, due, tick.time, effects);
        let Some(asset) = self.assets.get_mut(index) else {
            return;
        };
        asset.tick = Some(tick);
        let fired = asset.book.fired(tick.price);
        if fired.is_empty() {
            return;
        }
        let mut fired: Vec<_> = fired
            .into_iter()
            .map(|key| (self.id(key.battle), key.number, key.battle))
            .collect();
        fired.sort_unstable();
        fired.dedup();
        for (_, number, slot) in fired {
            if let Some(mut turn) = self.turn(slot, effects) {
                turn.fire(number, tick);
            }
        }
    }

    fn watermark(&mut self, symbol: &Symbol, time: Timestamp, effects: &mut Effects) {
        let index = self.asset_index(symbol);
        let Some(asset) = self.assets.get_mut(index) else {
            return;
        };
        if asset.watermark.is_some_and(|newest| time < newest) {
            return;
        }
        asset.watermark = Some(time);
        let mut due = asset.book.take_due(time);
        due.extend(asset.book.take_stale(time));
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
