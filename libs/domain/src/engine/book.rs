//! What waits on one asset: positions for a price, duties for a moment. An entry that touches
//! nothing costs a comparison with the nearest of each, however many there are.

use std::collections::BTreeSet;

use super::blocks::Blocks;
use super::directory::Place;
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

impl Key {
    const FIRST: Self = Self {
        battle: Slot::MIN,
        number: u32::MIN,
    };
    const LAST: Self = Self {
        battle: Slot::MAX,
        number: u32::MAX,
    };
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

/// One asset of the market and everything that waits on it. An entry that touches nothing reads
/// no further than this: what it is compared with lies in two cache lines.
#[derive(Debug)]
#[repr(align(64))]
pub(super) struct Asset {
    pub symbol: Symbol,
    /// The asset that shares this one's place in the directory, if there is one.
    pub next: Option<Place>,
    pub tick: Option<Tick>,
    pub watermark: Option<Timestamp>,
    highest_below: Option<Price>,
    lowest_above: Option<Price>,
    next_due: Option<Timestamp>,
    next_stale: Option<Timestamp>,
    book: Box<Book>,
}

/// The trigger sets and the queues of one asset. Their nearest keys are cached in the asset.
#[derive(Debug)]
struct Book {
    below: Blocks<(Price, Key)>,
    above: Blocks<(Price, Key)>,
    due: BTreeSet<Due>,
    stale: BTreeSet<Due>,
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

    /// Those that do not fire at `price`.
    pub(super) fn left_at(self, price: Price) -> Self {
        Self {
            below: self.below.filter(|level| price > *level),
            above: self.above.filter(|level| price < *level),
        }
    }
}

/// The other triggers of positions that have fired: they stay in the book until all have, and
/// mean nothing.
#[derive(Debug, Default)]
pub(super) struct Siblings {
    below: Vec<(Price, Key)>,
    above: Vec<(Price, Key)>,
}

impl Siblings {
    /// Notes what of `old`, where a position stands, is not in `new`; what is in both is left.
    pub(super) fn note(&mut self, key: Key, old: Triggers, new: Triggers) -> Triggers {
        if old.below != new.below {
            self.below.extend(old.below.map(|level| (level, key)));
        }
        if old.above != new.above {
            self.above.extend(old.above.map(|level| (level, key)));
        }
        Triggers {
            below: old.below.filter(|_| old.below == new.below),
            above: old.above.filter(|_| old.above == new.above),
        }
    }
}

impl Asset {
    pub(super) fn new(symbol: Symbol, next: Option<Place>) -> Self {
        Self {
            symbol,
            next,
            tick: None,
            watermark: None,
            highest_below: None,
            lowest_above: None,
            next_due: None,
            next_stale: None,
            book: Box::new(Book {
                below: Blocks::new(),
                above: Blocks::new(),
                due: BTreeSet::new(),
                stale: BTreeSet::new(),
            }),
        }
    }

    /// Whether a tick of this time comes too late to count.
    pub(super) fn is_late(&self, time: Timestamp) -> bool {
        self.watermark.is_some_and(|watermark| time <= watermark)
            || self.tick.is_some_and(|last| time < last.time)
    }

    /// Whether a tick or watermark at `time` has something to do.
    pub(super) fn is_due(&self, time: Timestamp) -> bool {
        self.next_due.is_some_and(|next| next <= time)
    }

    /// Whether a position fires at `price`.
    pub(super) fn fires(&self, price: Price) -> bool {
        self.highest_below.is_some_and(|level| price <= level)
            || self.lowest_above.is_some_and(|level| price >= level)
    }

    /// Moves a position's triggers.
    pub(super) fn replace(&mut self, key: Key, old: Triggers, new: Triggers) {
        if old.below != new.below {
            if let Some(level) = old.below {
                self.book.below.remove((level, key));
                if self.highest_below == Some(level) {
                    self.highest_below = self.book.below.last().map(|(level, _)| level);
                }
            }
            if let Some(level) = new.below {
                self.book.below.insert((level, key));
                self.highest_below = self.highest_below.max(Some(level));
            }
        }
        if old.above != new.above {
            if let Some(level) = old.above {
                self.book.above.remove((level, key));
                if self.lowest_above == Some(level) {
                    self.lowest_above = self.book.above.first().map(|(level, _)| level);
                }
            }
            if let Some(level) = new.above {
                self.book.above.insert((level, key));
                let lowest = self.lowest_above.map_or(level, |lowest| lowest.min(level));
                self.lowest_above = Some(lowest);
            }
        }
    }

    /// Takes out the triggers that fire at `price`; their positions, in no order. One may come
    /// twice, and one that fired in both directions does.
    pub(super) fn take_fired(&mut self, price: Price, fired: &mut Vec<Key>) {
        if self.highest_below.is_some_and(|level| price <= level) {
            let below = &mut self.book.below;
            below.take_from((price, Key::FIRST), |(_, key)| fired.push(key));
            self.highest_below = below.last().map(|(level, _)| level);
        }
        if self.lowest_above.is_some_and(|level| price >= level) {
            let above = &mut self.book.above;
            above.take_up_to((price, Key::LAST), |(_, key)| fired.push(key));
            self.lowest_above = above.first().map(|(level, _)| level);
        }
    }

    /// Takes out the triggers that a burst has left behind, in one sweep.
    pub(super) fn clear(&mut self, siblings: &mut Siblings) {
        let Siblings { below, above } = siblings;
        if !below.is_empty() {
            self.book.below.remove_all(below);
            self.highest_below = self.book.below.last().map(|(level, _)| level);
        }
        if !above.is_empty() {
            self.book.above.remove_all(above);
            self.lowest_above = self.book.above.first().map(|(level, _)| level);
        }
        below.clear();
        above.clear();
    }

    /// Queues a duty.
    pub(super) fn schedule(&mut self, due: Due) {
        self.book.due.insert(due);
        self.next_due = self.book.due.first().map(|due| due.time);
    }

    /// Queues the moment at which a watermark finds a market order stale.
    pub(super) fn schedule_stale(&mut self, time: Timestamp, key: Key) {
        let duty = Duty::Stale { number: key.number };
        self.book.stale.insert(Due {
            time,
            battle: key.battle,
            duty,
        });
        self.next_stale = self.book.stale.first().map(|due| due.time);
    }

    /// Takes what is due at `time` by a tick or a watermark.
    pub(super) fn take_due(&mut self, time: Timestamp) -> Vec<Due> {
        if !self.is_due(time) {
            return Vec::new();
        }
        let taken = take(&mut self.book.due, time);
        self.next_due = self.book.due.first().map(|due| due.time);
        taken
    }

    /// Takes the orders that a watermark at `time` finds stale.
    pub(super) fn take_stale(&mut self, time: Timestamp) -> Vec<Due> {
        if self.next_stale.is_none_or(|next| next > time) {
            return Vec::new();
        }
        let taken = take(&mut self.book.stale, time);
        self.next_stale = self.book.stale.first().map(|due| due.time);
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
