//! Candles: what a price did within an interval. They are shown; no rule reads one.

use serde::{Deserialize, Serialize};

use crate::price::Price;
use crate::timestamp::Timestamp;

const MINUTE_MS: i64 = 60_000;

/// How long a candle lasts. All lengths divide UTC's day, and are counted from 1970 on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Interval {
    /// One minute.
    #[serde(rename = "1m")]
    OneMinute,
    /// Five minutes.
    #[serde(rename = "5m")]
    FiveMinutes,
    /// A quarter of an hour.
    #[serde(rename = "15m")]
    FifteenMinutes,
    /// One hour.
    #[serde(rename = "1h")]
    OneHour,
    /// Four hours.
    #[serde(rename = "4h")]
    FourHours,
    /// UTC's day.
    #[serde(rename = "1d")]
    OneDay,
}

impl Interval {
    /// How many there are.
    pub const COUNT: usize = 6;
    /// Every interval, the shortest first.
    pub const ALL: [Self; Self::COUNT] = [
        Self::OneMinute,
        Self::FiveMinutes,
        Self::FifteenMinutes,
        Self::OneHour,
        Self::FourHours,
        Self::OneDay,
    ];

    /// How long it is, in milliseconds.
    pub const fn length_ms(self) -> i64 {
        let minutes = match self {
            Self::OneMinute => 1,
            Self::FiveMinutes => 5,
            Self::FifteenMinutes => 15,
            Self::OneHour => 60,
            Self::FourHours => 240,
            Self::OneDay => 1_440,
        };
        MINUTE_MS.saturating_mul(minutes)
    }

    /// What the exchange calls it, such as `15m`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::OneMinute => "1m",
            Self::FiveMinutes => "5m",
            Self::FifteenMinutes => "15m",
            Self::OneHour => "1h",
            Self::FourHours => "4h",
            Self::OneDay => "1d",
        }
    }

    /// When the interval began that `time` lies in.
    pub const fn start_of(self, time: Timestamp) -> Timestamp {
        let into = match time.ms().checked_rem_euclid(self.length_ms()) {
            Some(into) => into,
            // No interval is empty.
            None => 0,
        };
        Timestamp::from_ms(time.ms().saturating_sub(into))
    }

    /// When the interval ends that begins at `start`.
    pub const fn end_of(self, start: Timestamp) -> Timestamp {
        start.plus_ms(self.length_ms())
    }
}

/// What a price did within an interval.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Candle {
    /// When the interval began.
    pub start: Timestamp,
    /// The first price.
    pub open: Price,
    /// The highest price.
    pub high: Price,
    /// The lowest price.
    pub low: Price,
    /// The last price.
    pub close: Price,
}

impl Candle {
    /// The candle of a single trade.
    const fn of(start: Timestamp, price: Price) -> Self {
        Self {
            start,
            open: price,
            high: price,
            low: price,
            close: price,
        }
    }

    /// With one more trade.
    fn with(self, price: Price) -> Self {
        Self {
            high: self.high.max(price),
            low: self.low.min(price),
            close: price,
            ..self
        }
    }

    /// With what somebody saw who was there from its beginning; the last price is ours.
    fn completed(self, seen: Self) -> Self {
        Self {
            open: seen.open,
            high: self.high.max(seen.high),
            low: self.low.min(seen.low),
            ..self
        }
    }
}

/// A candle that trades were folded into.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Folded {
    /// How long it lasts.
    pub interval: Interval,
    /// What the price did.
    pub candle: Candle,
    /// Whether a later one has begun.
    pub is_closed: bool,
}

/// The candles of one interval that trades are folded into.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Course {
    running: Option<Candle>,
    closed: Option<Candle>,
}

impl Course {
    /// A candle that has begun closes the one before it.
    const fn begin(&mut self, candle: Candle) {
        self.closed = self.running;
        self.running = Some(candle);
    }

    fn fold(&mut self, start: Timestamp, price: Price) {
        match self.running {
            Some(running) if running.start == start => self.running = Some(running.with(price)),
            Some(running) if running.start > start => {}
            Some(_) | None => self.begin(Candle::of(start, price)),
        }
    }

    fn learn(&mut self, seen: Candle) {
        match self.running {
            Some(running) if running.start == seen.start => {
                self.running = Some(running.completed(seen));
            }
            Some(running) if running.start > seen.start => {}
            Some(_) | None => self.begin(seen),
        }
    }
}

/// The running candle of every interval of one symbol, each with the closed one before it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Candles([Course; Interval::COUNT]);

impl Candles {
    /// Takes a trade in. One of an interval that is over changes nothing there.
    pub fn fold(&mut self, price: Price, time: Timestamp) {
        for (interval, course) in Interval::ALL.into_iter().zip(&mut self.0) {
            course.fold(interval.start_of(time), price);
        }
    }

    /// Takes in what somebody saw of a running candle who was there from its beginning. The last
    /// price stays ours, where we have one.
    pub fn learn(&mut self, interval: Interval, seen: Candle) {
        for (of, course) in Interval::ALL.into_iter().zip(&mut self.0) {
            if of == interval {
                course.learn(seen);
            }
        }
    }

    /// The running candle of an interval.
    pub fn running(&self, interval: Interval) -> Option<Candle> {
        self.course(interval)?.running
    }

    /// The candle that closed when the running one began.
    pub fn closed(&self, interval: Interval) -> Option<Candle> {
        self.course(interval)?.closed
    }

    /// What has changed since: of each interval the candle that closed, then the one that runs.
    pub fn since(&self, before: &Self) -> impl Iterator<Item = Folded> {
        let courses = Interval::ALL.into_iter().zip(self.0.iter().zip(before.0));
        courses.flat_map(|(interval, (now, then))| {
            let changed = |is_closed, now: Option<Candle>, then| {
                let candle = now.filter(|_| now != then)?;
                Some(Folded {
                    interval,
                    candle,
                    is_closed,
                })
            };
            let closed = changed(true, now.closed, then.closed);
            closed
                .into_iter()
                .chain(changed(false, now.running, then.running))
        })
    }

    fn course(&self, interval: Interval) -> Option<&Course> {
        let mut all = Interval::ALL.into_iter().zip(&self.0);
        all.find_map(|(of, course)| (of == interval).then_some(course))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn price(units: i64) -> Price {
        Price::from_units(units).unwrap()
    }

    fn candle(start_ms: i64, [open, high, low, close]: [i64; 4]) -> Candle {
        Candle {
            start: Timestamp::from_ms(start_ms),
            open: price(open),
            high: price(high),
            low: price(low),
            close: price(close),
        }
    }

    fn folded(trades: &[(i64, i64)]) -> Candles {
        let mut candles = Candles::default();
        for (ms, units) in trades {
            candles.fold(price(*units), Timestamp::from_ms(*ms));
        }
        candles
    }

    #[test]
    fn an_interval_begins_where_the_exchange_begins_it() {
        // 2024-08-08T13:47:35.342Z
        let time = Timestamp::from_ms(1_723_124_855_342);
        let starts = Interval::ALL.map(|interval| interval.start_of(time).ms());
        assert_eq!(
            starts,
            [
                1_723_124_820_000, // 13:47
                1_723_124_700_000, // 13:45
                1_723_124_700_000, // 13:45
                1_723_122_000_000, // 13:00
                1_723_118_400_000, // 12:00
                1_723_075_200_000, // 00:00
            ]
        );
        let start = Timestamp::from_ms(1_723_124_820_000);
        assert_eq!(Interval::OneMinute.start_of(start), start);
        assert_eq!(
            Interval::OneMinute.start_of(Timestamp::from_ms(-1)).ms(),
            -60_000
        );
    }

    #[test]
    fn an_interval_is_written_by_its_name() {
        for interval in Interval::ALL {
            let written = serde_json::to_string(&interval).unwrap();
            assert_eq!(written, format!("{:?}", interval.name()));
        }
    }

    #[test]
    fn trades_make_a_candle() {
        let candles = folded(&[(60_000, 5), (60_001, 9), (90_000, 2), (119_999, 4)]);
        for interval in Interval::ALL {
            let start = interval.start_of(Timestamp::from_ms(60_000)).ms();
            let expected = candle(start, [5, 9, 2, 4]);
            assert_eq!(candles.running(interval), Some(expected));
            assert_eq!(candles.closed(interval), None);
        }
    }

    #[test]
    fn the_next_interval_closes_a_candle_and_leaves_longer_ones_open() {
        let candles = folded(&[(0, 5), (59_999, 6), (60_000, 7)]);
        let minute = Interval::OneMinute;
        assert_eq!(candles.closed(minute), Some(candle(0, [5, 6, 5, 6])));
        assert_eq!(candles.running(minute), Some(candle(60_000, [7, 7, 7, 7])));
        let five = Interval::FiveMinutes;
        assert_eq!(candles.closed(five), None);
        assert_eq!(candles.running(five), Some(candle(0, [5, 7, 5, 7])));
    }

    #[test]
    fn what_has_changed_is_told_with_the_closed_candle_first() {
        let before = folded(&[(0, 5)]);
        let mut after = before;
        assert_eq!(after.since(&before).count(), 0);
        after.fold(price(6), Timestamp::from_ms(60_000));
        let told: Vec<_> = after
            .since(&before)
            .map(|it| (it.interval.name(), it.candle.close.units(), it.is_closed))
            .collect();
        let longer = ["5m", "15m", "1h", "4h", "1d"].map(|name| (name, 6, false));
        assert_eq!(told[..2], [("1m", 5, true), ("1m", 6, false)]);
        assert_eq!(told[2..], longer);
    }

    #[test]
    fn a_trade_of_an_interval_that_is_over_changes_nothing() {
        let before = folded(&[(0, 5), (86_400_000, 7)]);
        let mut after = before;
        after.fold(price(1), Timestamp::from_ms(86_399_999));
        assert_eq!(after, before);
    }

    #[test]
    fn what_was_seen_from_the_beginning_widens_a_candle_and_leaves_its_last_price() {
        let minute = Interval::OneMinute;
        let mut candles = folded(&[(30_000, 5), (31_000, 6)]);
        candles.learn(minute, candle(0, [3, 9, 4, 8]));
        assert_eq!(candles.running(minute), Some(candle(0, [3, 9, 4, 6])));
        candles.learn(minute, candle(0, [3, 5, 5, 5]));
        assert_eq!(candles.running(minute), Some(candle(0, [3, 9, 4, 6])));
        let others = [Interval::FiveMinutes, Interval::OneDay];
        for other in others {
            assert_eq!(candles.running(other), Some(candle(0, [5, 6, 5, 6])));
        }
    }

    #[test]
    fn what_was_seen_of_another_interval_begins_a_candle_or_comes_too_late() {
        let minute = Interval::OneMinute;
        let mut candles = Candles::default();
        candles.learn(minute, candle(60_000, [3, 9, 4, 8]));
        assert_eq!(candles.running(minute), Some(candle(60_000, [3, 9, 4, 8])));
        candles.learn(minute, candle(0, [1, 1, 1, 1]));
        assert_eq!(candles.running(minute), Some(candle(60_000, [3, 9, 4, 8])));
        candles.learn(minute, candle(120_000, [8, 8, 8, 8]));
        assert_eq!(candles.closed(minute), Some(candle(60_000, [3, 9, 4, 8])));
        assert_eq!(candles.running(minute), Some(candle(120_000, [8, 8, 8, 8])));
    }
}

#[cfg(test)]
mod properties {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_moment_lies_in_its_interval(ms in -4_000_000_000_000_i64..4_000_000_000_000) {
            let time = Timestamp::from_ms(ms);
            for interval in Interval::ALL {
                let start = interval.start_of(time);
                prop_assert_eq!(start.ms() % interval.length_ms(), 0);
                prop_assert!(start <= time && time < interval.end_of(start));
            }
        }

        #[test]
        fn a_candle_holds_every_trade_of_its_interval(
            trades in prop::collection::vec((1_i64..1_000, 0_i64..50_000), 1..40),
        ) {
            let mut candles = Candles::default();
            let mut at = Timestamp::from_ms(0);
            let mut made = Vec::new();
            for (units, wait_ms) in trades {
                at = at.plus_ms(wait_ms);
                let price = Price::from_units(units).unwrap();
                candles.fold(price, at);
                made.push((at, price));
            }
            for interval in Interval::ALL {
                let start = interval.start_of(at);
                let of_it = made.iter().filter(|(at, _)| *at >= start).map(|(_, price)| *price);
                let prices: Vec<Price> = of_it.collect();
                let expected = Candle {
                    start,
                    open: prices[0],
                    high: *prices.iter().max().unwrap(),
                    low: *prices.iter().min().unwrap(),
                    close: *prices.last().unwrap(),
                };
                prop_assert_eq!(candles.running(interval), Some(expected));
            }
        }
    }
}
