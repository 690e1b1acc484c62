//! What waits on one asset: positions for a price, duties for a moment. An entry that touches
//! nothing costs a comparison with the nearest of each, however many there are.

use std::collections::BTreeSet;

use crate::market::Tick;
use crate::price::Price;
use crate::symbol::Symbol;
use crate::timestamp::Timestamp;

/// A battle's index in the engine; never used twice.
pub(super) type Slot = u32;

/// Names a position inside the engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key {
    pub battle: Slot,
    pub number: u32,
}

/// What falls due. The order of the variants is the order in which one entry does them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Duty {
    /// A noted cancel or amendment applies.
    Change { log: u64, number: u32 },
    /// A market order has waited too long.
    Stale { number: u32 },
    /// The asset is final in the battle.
    End,
    /// An order counts from now on.
    Arm { number: u32 },
    /// A position leaves at the next tick.
    Close { number: u32 },
}

/// A duty and its moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Due {
    pub time: Timestamp,
    pub battle: Slot,
    pub duty: Duty,
}

/// One asset of the market and everything that waits on it.
#[derive(Debug)]
pub(super) struct Asset {
    pub symbol: Symbol,
    pub tick: Option<Tick>,
    pub watermark: Option<Timestamp>,
    pub book: Book,
}

impl Asset {
    pub(super) const fn new(symbol: Symbol) -> Self {
        Self {
            symbol,
            tick: None,
            watermark: None,
            book: Book::new(),
        }
    }

    /// Whether a tick of this time comes too late to count.
    pub(super) fn is_late(&self, time: Timestamp) -> bool {
        self.watermark.is_some_and(|watermark| time <= watermark)
            || self.tick.is_some_and(|last| time < last.time)
    }
}

/// Where a position waits for the price.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Triggers {
    /// Fires at or below this price.
    pub below: Option<Price>,
    /// Fires at or above this price.
    pub above: Option<Price>,
}

impl Triggers {
    /// Fires at every price.
    pub(super) const ALWAYS: Self = Self {
        below: Some(Price::MAX),
        above: None,
    };
}

/// The trigger sets and the queues of one asset. The cached keys are those of the sets.
#[derive(Debug)]
pub(super) struct Book {
    below: BTreeSet<(Price, Key)>,
    above: BTreeSet<(Price, Key)>,
    due: BTreeSet<Due>,
    stale: BTreeSet<Due>,
    highest_below: Option<Price>,
    lowest_above: Option<Price>,
    next_due: Option<Timestamp>,
    next_stale: Option<Timestamp>,
}

impl Book {
    const fn new() -> Self {
        Self {
            below: BTreeSet::new(),
            above: BTreeSet::new(),
            due: BTreeSet::new(),
            stale: BTreeSet::new(),
            highest_below: None,
            lowest_above: None,
            next_due: None,
            next_stale: None,
        }
    }

    /// Moves a position's triggers.
    pub(super) fn replace(&mut self, key: Key, old: Triggers, new: Triggers) {
        if old.below != new.below {
            old.below.map(|level| self.below.remove(&(level, key)));
            new.below.map(|level| self.below.insert((level, key)));
            self.highest_below = self.below.last().map(|(level, _)| *level);
        }
        if old.above != new.above {
            old.above.map(|level| self.above.remove(&(level, key)));
            new.above.map(|level| self.above.insert((level, key)));
            self.lowest_above = self.above.first().map(|(level, _)| *level);
        }
    }

    /// The positions that fire at `price`, in no order. One may come twice.
    pub(super) fn fired(&self, price: Price) -> Vec<Key> {
        let mut fired = Vec::new();
        if self.highest_below.is_some_and(|level| price <= level) {
            let first = Key {
                battle: Slot::MIN,
                number: u32::MIN,
            };
            fired.extend(self.below.range((price, first)..).map(|(_, key)| *key));
        }
        if self.lowest_above.is_some_and(|level| price >= level) {
            let last = Key {
                battle: Slot::MAX,
                number: u32::MAX,
            };
            fired.extend(self.above.range(..=(price, last)).map(|(_, key)| *key));
        }
        fired
    }

    /// Queues a duty.
    pub(super) fn schedule(&mut self, due: Due) {
        self.due.insert(due);
        self.next_due = self.due.first().map(|due| due.time);
    }

    /// Queues the moment at which a watermark finds a market order stale.
    pub(super) fn schedule_stale(&mut self, time: Timestamp, key: Key) {
        let duty = Duty::Stale { number: key.number };
        self.stale.insert(Due {
            time,
            battle: key.battle,
            duty,
        });
        self.next_stale = self.stale.first().map(|due| due.time);
    }

    /// Takes what is due at `time` by a tick or a watermark.
    pub(super) fn take_due(&mut self, time: Timestamp) -> Vec<Due> {
        if self.next_due.is_none_or(|next| next > time) {
            return Vec::new();
        }
        let taken = take(&mut self.due, time);
        self.next_due = self.due.first().map(|due| due.time);
        taken
    }

    /// Takes the orders that a watermark at `time` finds stale.
    pub(super) fn take_stale(&mut self, time: Timestamp) -> Vec<Due> {
        if self.next_stale.is_none_or(|next| next > time) {
            return Vec::new();
        }
        let taken = take(&mut self.stale, time);
        self.next_stale = self.stale.first().map(|due| due.time);
        taken
    }
}

fn take(queue: &mut BTreeSet<Due>, time: Timestamp) -> Vec<Due> {
    let later = Due {
        time: time.plus_ms(1),
        battle: Slot::MIN,
        duty: Duty::Change {
            log: u64::MIN,
            number: u32::MIN,
        },
    };
    let rest = queue.split_off(&later);
    std::mem::replace(queue, rest).into_iter().collect()
}
