//! One symbol's trades in, entries of the market stream out. Pure: it is told the time and asks
//! nobody.
//!
//! Trades count in the order of their ids. A missing id opens a gap, which holds back what lies
//! behind it for at most [`PATIENCE`]. A trade further from the last price than the band is held
//! as long, until the next one decides: if that is nearer to the held price than to the last one,
//! the held trade counts, otherwise it is rejected; unopposed, it counts. A trade from before the
//! last tick, or from a time that a watermark has closed, is late and never counts.

#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use contracts::market::NoteKind;
use domain::market::Tick;
use domain::timestamp::Timestamp;

/// How long a gap may stay open, and a trade held.
pub(crate) const PATIENCE: Duration = Duration::from_secs(2);
/// How far a watermark stays behind the exchange's clock, in milliseconds.
pub(crate) const WATERMARK_LAG_MS: i64 = 500;
/// Trades that may wait behind a gap; one more closes it at once.
const MAX_WAITING: usize = 50_000;

/// What the market stream is to say about a symbol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Entry {
    Tick(Tick),
    /// No tick at or before this moment follows.
    Watermark(Timestamp),
    /// These trades did not happen.
    Gap {
        first: u64,
        last: u64,
    },
    /// A trade that does not count.
    Note(NoteKind, Tick),
}

/// Where a symbol's entries in the market stream end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Resume {
    /// The highest trade id that any entry speaks of.
    pub(crate) last_id: Option<u64>,
    /// The last tick.
    pub(crate) tick: Option<Tick>,
    /// The last watermark.
    pub(crate) watermark: Option<Timestamp>,
}

/// What the exchange's newest trade says about the stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Probed {
    /// There is no newer trade than the stream brought.
    UpToDate,
    /// There is a newer one, and the stream seemed to live.
    Behind,
}

/// A trade, and since when something must happen to it.
#[derive(Clone, Copy, Debug)]
struct Waiting {
    tick: Tick,
    since: Instant,
}

/// The state of one symbol.
#[derive(Debug)]
pub(crate) struct Feed {
    band_bps: u32,
    freshness: Duration,
    /// The highest id that was taken or given up.
    last_id: Option<u64>,
    /// The last tick that counted.
    tick: Option<Tick>,
    watermark: Option<Timestamp>,
    held: Option<Waiting>,
    /// What lies behind a gap, by id.
    waiting: BTreeMap<u64, Waiting>,
    /// When the stream was last known to bring all there is; `None` since it was lost.
    evidence: Option<Instant>,
    duplicates: u64,
}

impl Feed {
    /// A feed that goes on where the stream's entries end. Trades further than `band_bps` basis
    /// points from the last price are held; a stream that has brought nothing for `freshness` has
    /// to be asked about.
    pub(crate) fn new(band_bps: u32, freshness: Duration, resume: Resume) -> Self {
        Self {
            band_bps,
            freshness,
            last_id: resume.last_id,
            tick: resume.tick,
            watermark: resume.watermark,
            held: None,
            waiting: BTreeMap::new(),
            evidence: None,
            duplicates: 0,
        }
    }

    /// Takes a trade that the stream brought.
    pub(crate) fn receive(&mut self, tick: Tick, now: Instant, out: &mut Vec<Entry>) {
        self.evidence = Some(now);
        self.fill(tick, now, out);
    }

    /// Takes a trade that was asked for.
    pub(crate) fn fill(&mut self, tick: Tick, now: Instant, out: &mut Vec<Entry>) {
        let id = tick.trade;
        if self.last_id.is_some_and(|last| id <= last) || self.waiting.contains_key(&id) {
            self.duplicates += 1;
            return;
        }
        // Whatever splits a gap inherits its deadline.
        let behind = self.waiting.range(id..).next();
        let since = behind.map_or(now, |(_, behind)| behind.since.min(now));
        self.waiting.insert(id, Waiting { tick, since });
        self.drain(now, out);
    }

    /// Takes the exchange's newest trade, if it ever made one, as asked after the stream began.
    pub(crate) fn probed(
        &mut self,
        newest: Option<Tick>,
        now: Instant,
        out: &mut Vec<Entry>,
    ) -> Probed {
        let seemed_alive = self.evidence.replace(now).is_some();
        let known = self
            .waiting
            .last_key_value()
            .map(|(id, _)| *id)
            .or(self.last_id);
        match newest {
            Some(newest) if known.is_none_or(|known| known < newest.trade) => {
                self.fill(newest, now, out);
                if seemed_alive {
                    Probed::Behind
                } else {
                    Probed::UpToDate
                }
            }
            _ => Probed::UpToDate,
        }
    }

    /// The stream is gone: until it brings a trade again or the exchange was asked, nothing is
    /// promised.
    pub(crate) fn lost(&mut self) {
        self.evidence = None;
    }

    /// Lets time pass: decides on what has been held or missed for too long.
    pub(crate) fn poll(&mut self, now: Instant, out: &mut Vec<Entry>) {
        if self.held.is_some_and(|held| now >= held.since + PATIENCE)
            && let Some(held) = self.held.take()
        {
            self.publish(held.tick, out);
        }
        self.drain(now, out);
    }

    /// Promises what can be promised at this moment of the exchange's clock, if it is news.
    pub(crate) fn promise(&mut self, now: Instant, exchange_now: Timestamp, out: &mut Vec<Entry>) {
        // A question about a quiet stream may take as long again to be answered.
        let trusted = self
            .evidence
            .is_some_and(|at| now < at + self.freshness * 2);
        if !trusted || !self.waiting.is_empty() {
            return;
        }
        let closed = exchange_now.plus_ms(-WATERMARK_LAG_MS);
        let closed = self
            .held
            .map_or(closed, |held| closed.min(held.tick.time.plus_ms(-1)));
        if self.watermark.is_none_or(|watermark| watermark < closed) {
            self.watermark = Some(closed);
            out.push(Entry::Watermark(closed));
        }
    }

    /// Whether the exchange must be asked for its newest trade, because the stream is silent or
    /// has just begun.
    pub(crate) fn needs_probe(&self, now: Instant) -> bool {
        self.evidence.is_none_or(|at| now >= at + self.freshness)
    }

    /// The first and last id of the gap that is open.
    pub(crate) fn gap(&self) -> Option<(u64, u64)> {
        let behind = *self.waiting.first_key_value()?.0;
        let first = self.last_id?.saturating_add(1);
        (first < behind).then(|| (first, behind - 1))
    }

    /// How many duplicates were dropped since the last time this was asked.
    pub(crate) fn take_duplicates(&mut self) -> u64 {
        std::mem::take(&mut self.duplicates)
    }

    /// Takes what no gap holds back any more, in the order of ids.
    fn drain(&mut self, now: Instant, out: &mut Vec<Entry>) {
        let crowded = self.waiting.len() > MAX_WAITING;
        while let Some(first) = self.waiting.first_entry() {
            let id = *first.key();
            if let Some((missing, last)) = self.last_id.map(|last| (last.saturating_add(1), id - 1))
                && missing <= last
            {
                if now < first.get().since + PATIENCE && !crowded {
                    return;
                }
                out.push(Entry::Gap {
                    first: missing,
                    last,
                });
            }
            let tick = first.remove().tick;
            self.last_id = Some(id);
            self.take(tick, now, out);
        }
    }

    /// Takes the next trade in order: it decides on the one that is held, then on itself.
    fn take(&mut self, tick: Tick, now: Instant, out: &mut Vec<Entry>) {
        if self.is_late(&tick) {
            out.push(Entry::Note(NoteKind::Late, tick));
            return;
        }
        if let Some(held) = self.held.take() {
            if self.confirms(&held.tick, &tick) {
                self.publish(held.tick, out);
            } else {
                out.push(Entry::Note(NoteKind::Rejected, held.tick));
            }
        }
        if self.is_late(&tick) {
            out.push(Entry::Note(NoteKind::Late, tick));
        } else if self.is_out_of_band(&tick) {
            self.held = Some(Waiting { tick, since: now });
        } else {
            self.publish(tick, out);
        }
    }

    fn publish(&mut self, tick: Tick, out: &mut Vec<Entry>) {
        self.tick = Some(tick);
        out.push(Entry::Tick(tick));
    }

    fn is_late(&self, tick: &Tick) -> bool {
        self.watermark
            .is_some_and(|watermark| tick.time <= watermark)
            || self.tick.is_some_and(|last| tick.time < last.time)
    }

    fn is_out_of_band(&self, tick: &Tick) -> bool {
        self.tick.is_some_and(|last| {
            let away = u128::from(distance(&last, tick));
            away * 10_000
                > u128::from(last.price.units().unsigned_abs()) * u128::from(self.band_bps)
        })
    }

    /// Whether `next` is nearer to the held trade than to the last tick.
    fn confirms(&self, held: &Tick, next: &Tick) -> bool {
        self.tick
            .is_none_or(|last| distance(held, next) <= distance(&last, next))
    }
}

/// How far two prices are apart, in units of 1e-8.
fn distance(one: &Tick, other: &Tick) -> u64 {
    one.price.units().abs_diff(other.price.units())
}
