//! What waits on one asset: positions for a price, duties for a moment. An entry that touches
//! nothing costs a comparison with the nearest of each, however many there are.

use std::cmp::Ordering;
use std::collections::BTreeSet;

use super::blocks::Blocks;
use crate::market::Tick;
use crate::price::Price;
use crate::symbol::Symbol;
use crate::timestamp::Timestamp;

/// When an empty queue falls due.
const NEVER: Timestamp = Timestamp::from_ms(i64::MAX);

/// A battle's index in the engine; never used twice.
pub(super) type Slot = u32;

/// Names a position inside the engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Key {
    pub battle: Slot,
    pub number: u32,
}

/// By battle and number; as one wide number they are compared at once.
impl Ord for Key {
    fn cmp(&self, other: &Self) -> Ordering {
        self.wide().cmp(&other.wide())
    }
}

impl PartialOrd for Key {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// A position that waits for a price.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Trigger {
    level: Price,
    key: Key,
}

impl Trigger {
    fn wide(self) -> u128 {
        u128::from(self.level.units().cast_unsigned()) << u64::BITS | u128::from(self.key.wide())
    }
}

/// By level and position; as one wide number they are compared at once.
impl Ord for Trigger {
    fn cmp(&self, other: &Self) -> Ordering {
        self.wide().cmp(&other.wide())
    }
}

impl PartialOrd for Trigger {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Key {
    fn wide(self) -> u64 {
        u64::from(self.battle) << u32::BITS | u64::from(self.number)
    }

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
/// no further than this: two cache lines side by side, and what it is compared with in the first.
#[derive(Debug)]
#[repr(C, align(128))]
pub(super) struct Asset {
    pub symbol: Symbol,
    /// No tick before this moment counts any more.
    earliest: Timestamp,
    next_due: Timestamp,
    highest_below: Option<Price>,
    lowest_above: Option<Price>,
    tick: Option<Tick>,
    watermark: Option<Timestamp>,
    next_stale: Timestamp,
    book: Box<Book>,
}

/// The trigger sets and the queues of one asset. Their nearest keys are cached in the asset.
#[derive(Debug)]
struct Book {
    below: Blocks<Trigger>,
    above: Blocks<Trigger>,
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
    below: Vec<Trigger>,
    above: Vec<Trigger>,
}

impl Siblings {
    /// Notes what of `old`, where a position stands, is not in `new`; what is in both is left.
    pub(super) fn note(&mut self, key: Key, old: Triggers, new: Triggers) -> Triggers {
        if old.below != new.below {
            self.below
                .extend(old.below.map(|level| Trigger { level, key }));
        }
        if old.above != new.above {
            self.above
                .extend(old.above.map(|level| Trigger { level, key }));
        }
        Triggers {
            below: old.below.filter(|_| old.below == new.below),
            above: old.above.filter(|_| old.above == new.above),
        }
    }
}

impl Asset {
    pub(super) fn new(symbol: Symbol) -> Self {
        Self {
            symbol,
            earliest: Timestamp::from_ms(i64::MIN),
            next_due: NEVER,
            highest_below: None,
            lowest_above: None,
            tick: None,
            watermark: None,
            next_stale: NEVER,
            book: Box::new(Book {
                below: Blocks::new(),
                above: Blocks::new(),
                due: BTreeSet::new(),
                stale: BTreeSet::new(),
            }),
        }
    }

    /// The last tick.
    pub(super) const fn tick(&self) -> Option<Tick> {
        self.tick
    }

    /// The newest watermark.
    pub(super) const fn watermark(&self) -> Option<Timestamp> {
        self.watermark
    }

    /// Takes note of a tick.
    pub(super) fn set_tick(&mut self, tick: Tick) {
        self.tick = Some(tick);
        self.earliest = self.earliest.max(tick.time);
    }

    /// Takes note of a watermark.
    pub(super) fn set_watermark(&mut self, time: Timestamp) {
        self.watermark = Some(time);
        self.earliest = self.earliest.max(time.plus_ms(1));
    }

    /// Whether a tick does not count: it comes too late, or its trade is not behind the last one.
    pub(super) fn passes_over(&self, tick: Tick) -> bool {
        tick.time < self.earliest || self.tick.is_some_and(|last| tick.trade <= last.trade)
    }

    /// Whether a tick or watermark at `time` has something to do.
    pub(super) fn is_due(&self, time: Timestamp) -> bool {
        self.next_due <= time
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
                self.book.below.remove(Trigger { level, key });
                if self.highest_below == Some(level) {
                    self.highest_below = self.book.below.last().map(|trigger| trigger.level);
                }
            }
            if let Some(level) = new.below {
                self.book.below.insert(Trigger { level, key });
                self.highest_below = self.highest_below.max(Some(level));
            }
        }
        if old.above != new.above {
            if let Some(level) = old.above {
                self.book.above.remove(Trigger { level, key });
                if self.lowest_above == Some(level) {
                    self.lowest_above = self.book.above.first().map(|trigger| trigger.level);
                }
            }
            if let Some(level) = new.above {
                self.book.above.insert(Trigger { level, key });
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
            let first = Trigger {
                level: price,
                key: Key::FIRST,
            };
            below.take_from(first, |trigger| fired.push(trigger.key));
            self.highest_below = below.last().map(|trigger| trigger.level);
        }
        if self.lowest_above.is_some_and(|level| price >= level) {
            let above = &mut self.book.above;
            let last = Trigger {
                level: price,
                key: Key::LAST,
            };
            above.take_up_to(last, |trigger| fired.push(trigger.key));
            self.lowest_above = above.first().map(|trigger| trigger.level);
        }
    }

    /// Takes out the triggers that a burst has left behind, in one sweep.
    pub(super) fn clear(&mut self, siblings: &mut Siblings) {
        let Siblings { below, above } = siblings;
        if !below.is_empty() {
            self.book.below.remove_all(below);
            self.highest_below = self.book.below.last().map(|trigger| trigger.level);
        }
        if !above.is_empty() {
            self.book.above.remove_all(above);
            self.lowest_above = self.book.above.first().map(|trigger| trigger.level);
        }
        below.clear();
        above.clear();
    }

    /// Queues a duty.
    pub(super) fn schedule(&mut self, due: Due) {
        self.book.due.insert(due);
        self.next_due = first(&self.book.due);
    }

    /// Queues the moment at which a watermark finds a market order stale.
    pub(super) fn schedule_stale(&mut self, time: Timestamp, key: Key) {
        let duty = Duty::Stale { number: key.number };
        self.book.stale.insert(Due {
            time,
            battle: key.battle,
            duty,
        });
        self.next_stale = first(&self.book.stale);
    }

    /// Takes what is due at `time` by a tick or a watermark.
    pub(super) fn take_due(&mut self, time: Timestamp) -> Vec<Due> {
        if !self.is_due(time) {
            return Vec::new();
        }
        let taken = take(&mut self.book.due, time);
        self.next_due = first(&self.book.due);
        taken
    }

    /// Takes the orders that a watermark at `time` finds stale.
    pub(super) fn take_stale(&mut self, time: Timestamp) -> Vec<Due> {
        if self.next_stale > time {
            return Vec::new();
        }
        let taken = take(&mut self.book.stale, time);
        self.next_stale = first(&self.book.stale);
        taken
    }
}

/// The moment of the first duty.
fn first(queue: &BTreeSet<Due>) -> Timestamp {
    queue.first().map_or(NEVER, |due| due.time)
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
