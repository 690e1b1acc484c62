//! The chart: running candles from our own ticks, closed ones from the exchange. It is only shown,
//! and all of it may be lost: what Redis does not hold is fetched again.

use std::collections::VecDeque;
use std::time::Duration;

use bus::Bus;
use cache::{Cache, CacheError, Span};
use contracts::live::LiveCandles;
use domain::candle::{Candles, Folded, Interval};
use domain::symbol::Symbol;
use domain::timestamp::Timestamp;
use futures::future::join_all;
use futures::{StreamExt, stream};
use tokio::sync::watch;

use crate::desk::Tools;
use crate::rest::{PAGE_CANDLES, RestError};
use crate::window::beats;

/// Between two shouts of the candles of a symbol, and between two writes of them into the cache.
const BEAT: Duration = Duration::from_millis(250);
/// Between two looks for closed candles that the exchange has not told yet.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// Candles that are asked for at one look, of some symbol and interval each: the rest has its turn
/// at the next ones. The exchange allows fifty calls a second, and has other things to be asked.
const FETCHES_PER_LOOK: usize = 8;
/// How many of them are asked for at a time.
const FETCHES_AT_ONCE: usize = 4;
/// How long the exchange has to make up its mind about a candle that is over, in milliseconds. It
/// covers also what we do not know of the exchange's clock.
const SETTLED_MS: i64 = 1_000;
/// How far back one looks in the cache for a candle that the exchange told.
const RECALLED: usize = 64;

/// The candles of every symbol, in the symbols' order.
pub(crate) struct Chart {
    bus: Bus,
    cache: Cache,
    tools: Tools,
    /// What ticks are folded into.
    pub(crate) candles: Vec<watch::Sender<Candles>>,
}

/// What the cache holds of one symbol and interval.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Held {
    /// Where the closed candles end that the exchange told.
    told_up_to: Option<Timestamp>,
    /// How many there were at the last write.
    count: usize,
}

impl Held {
    /// When the first candle begins that the exchange has to be asked for, at this time of its
    /// clock. None that is older than what is kept, and none if it has told all that closed.
    fn due(self, interval: Interval, now: Timestamp) -> Option<Timestamp> {
        let page = i64::try_from(PAGE_CANDLES).unwrap_or(i64::MAX);
        let reach_ms = interval.length_ms().saturating_mul(page.saturating_sub(1));
        let oldest = interval.start_of(now).plus_ms(reach_ms.saturating_neg());
        let from = self.told_up_to.map_or(oldest, |end| end.max(oldest));
        is_over(interval, from, now).then_some(from)
    }
}

/// Whether a candle is over at this time of the exchange's clock, and the exchange knows.
fn is_over(interval: Interval, start: Timestamp, now: Timestamp) -> bool {
    interval.end_of(start).plus_ms(SETTLED_MS) <= now
}

/// Why there are no newer candles.
#[derive(Debug, thiserror::Error)]
enum NoCandles {
    #[error(transparent)]
    Rest(#[from] RestError),
    #[error(transparent)]
    Cache(#[from] CacheError),
}

/// A symbol, by its number, and an interval.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Place {
    number: usize,
    interval: Interval,
}

impl Chart {
    pub(crate) fn new(bus: Bus, cache: Cache, tools: Tools) -> Self {
        let symbols = tools.symbols.all();
        let candles = symbols
            .iter()
            .map(|_| watch::Sender::new(Candles::default()))
            .collect();
        Self {
            bus,
            cache,
            tools,
            candles,
        }
    }

    /// Keeps the chart for ever.
    pub(crate) async fn keep(&self) {
        // Before the first write, so that it does not shorten what an earlier leader saw.
        let held = self.recall().await;
        tokio::join!(self.shout(), self.store(), self.fetch(held));
    }

    fn symbols(&self) -> impl Iterator<Item = (&Symbol, &watch::Sender<Candles>)> {
        self.tools.symbols.all().iter().zip(&self.candles)
    }

    async fn shout(&self) {
        let mut told = vec![Candles::default(); self.candles.len()];
        let mut beats = beats(BEAT);
        loop {
            beats.tick().await;
            for ((symbol, candles), told) in self.symbols().zip(&mut told) {
                let now = *candles.borrow();
                let changed: Vec<Folded> = now.since(told).collect();
                *told = now;
                if changed.is_empty() {
                    continue;
                }
                let update = LiveCandles {
                    symbol: symbol.clone(),
                    candles: changed,
                };
                if let Err(error) = self.bus.shout(&update) {
                    tracing::debug!(%error, "candles were not shouted");
                }
            }
        }
    }

    /// Writes what has changed. Of several candles of an interval that closed within one beat only
    /// the last is written: the exchange tells them all a moment later.
    async fn store(&self) {
        let mut stored = vec![Candles::default(); self.candles.len()];
        let mut beats = beats(BEAT);
        loop {
            beats.tick().await;
            let writing = self.symbols().zip(&mut stored);
            join_all(writing.map(async |((symbol, candles), stored)| {
                let now = *candles.borrow();
                let changed: Vec<Folded> = now.since(stored).collect();
                match self.cache.put_folded_candles(symbol, &changed).await {
                    Ok(()) => *stored = now,
                    // Redis being away shows in /readyz; the next beat tries again.
                    Err(error) => tracing::debug!(%symbol, %error, "candles were not cached"),
                }
            }))
            .await;
        }
    }

    /// What the cache holds of every symbol and interval; the candles that ran there run on.
    async fn recall(&self) -> VecDeque<(Place, Held)> {
        let numbers = 0..self.candles.len();
        let places = Interval::ALL.into_iter().flat_map(|interval| {
            let numbers = numbers.clone();
            numbers.map(move |number| Place { number, interval })
        });
        let recalled = join_all(places.map(async |place| (place, self.recall_one(place).await)));
        recalled.await.into()
    }

    async fn recall_one(&self, Place { number, interval }: Place) -> Held {
        let symbol = &self.tools.symbols.all()[number];
        let newest = self
            .cache
            .candles(symbol, interval, Span::default(), RECALLED);
        let newest = match newest.await {
            Ok(newest) => newest,
            Err(error) => {
                tracing::debug!(%symbol, %error, "no candles in the cache");
                return Held::default();
            }
        };
        if let Some(last) = newest.last().filter(|last| !last.is_closed) {
            self.candles[number].send_modify(|candles| candles.learn(interval, last.candle));
        }
        let told = newest.iter().rev().find(|it| it.volume.is_some());
        Held {
            told_up_to: told.map(|told| interval.end_of(told.candle.start)),
            count: 0,
        }
    }

    /// Asks the exchange for candles that have closed, of each symbol and interval in turn.
    async fn fetch(&self, mut places: VecDeque<(Place, Held)>) {
        let mut looks = beats(LOOK_EVERY);
        loop {
            looks.tick().await;
            let Some(now) = self.tools.exchange_time(self.tools.clock.now_ms()) else {
                continue;
            };
            let mut due = Vec::with_capacity(FETCHES_PER_LOOK);
            places.retain(|(place, held)| {
                let from = held.due(place.interval, now);
                let from = from.filter(|_| due.len() < FETCHES_PER_LOOK);
                due.extend(from.map(|from| (*place, *held, from)));
                from.is_none()
            });
            let asking = stream::iter(due).map(async |(place, held, from)| {
                let fetched = self.fetch_one(place, held, from, now).await;
                (place, held, fetched)
            });
            let mut answers = asking.buffer_unordered(FETCHES_AT_ONCE);
            let mut was_lost = false;
            while let Some((place, before, fetched)) = answers.next().await {
                let held = fetched.unwrap_or_else(|error| {
                    let symbol = &self.tools.symbols.all()[place.number];
                    tracing::debug!(%symbol, %error, "no closed candles");
                    before
                });
                was_lost |= held.count < before.count;
                // Behind those that have not been asked for.
                places.push_back((place, held));
            }
            if was_lost {
                tracing::warn!("redis lost candles: all are fetched again");
                places
                    .iter_mut()
                    .for_each(|(_, held)| *held = Held::default());
            }
        }
    }

    /// Stores what the exchange tells of the candles from `from` on that are over, and learns from
    /// it what the running one was before we came.
    async fn fetch_one(
        &self,
        place: Place,
        held: Held,
        from: Timestamp,
        now: Timestamp,
    ) -> Result<Held, NoCandles> {
        let Place { number, interval } = place;
        let symbol = &self.tools.symbols.all()[number];
        let told = self.tools.rest.candles(symbol, interval, from).await?;
        let closed = told.partition_point(|(candle, _)| is_over(interval, candle.start, now));
        let (closed, open) = told.split_at(closed);
        for (candle, _) in open {
            self.candles[number].send_modify(|candles| candles.learn(interval, *candle));
        }
        let Some((last, _)) = closed.last() else {
            return Ok(held);
        };
        let told_up_to = Some(interval.end_of(last.start));
        let count = self
            .cache
            .put_closed_candles(symbol, interval, closed)
            .await?;
        Ok(Held { told_up_to, count })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Interval = Interval::OneMinute;

    fn at(minute: i64, ms: i64) -> Timestamp {
        Timestamp::from_ms(minute * 60_000 + ms)
    }

    fn told_up_to(minute: i64) -> Held {
        Held {
            told_up_to: Some(at(minute, 0)),
            count: 0,
        }
    }

    #[test]
    fn a_candle_is_due_when_the_exchange_has_had_time_to_settle_it() {
        let held = told_up_to(5_000);
        assert_eq!(held.due(MINUTE, at(5_000, 30_000)), None);
        assert_eq!(held.due(MINUTE, at(5_001, SETTLED_MS - 1)), None);
        let due = held.due(MINUTE, at(5_001, SETTLED_MS));
        assert_eq!(due, Some(at(5_000, 0)));
    }

    #[test]
    fn no_more_is_due_than_is_kept() {
        let kept = i64::try_from(Cache::CANDLES).unwrap();
        let oldest = Some(at(10_001 - kept, 0));
        assert_eq!(Held::default().due(MINUTE, at(10_000, 7)), oldest);
        assert_eq!(told_up_to(20).due(MINUTE, at(10_000, 7)), oldest);
    }
}
