//! Klines, as the exchange calls candles: folded from the trades of a symbol.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::amount::Amount;
use crate::past::Past;
use crate::trade::Trade;

pub(crate) const MINUTE_MS: i64 = 60_000;
/// Klines that are kept of each interval.
const KEPT: usize = 1_000;

/// How long a kline lasts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Interval {
    place: usize,
    minutes: i64,
}

/// The intervals that anybody here asks for, by the exchange's names.
const INTERVALS: [(&str, i64); 6] = [
    ("1m", 1),
    ("5m", 5),
    ("15m", 15),
    ("1h", 60),
    ("4h", 240),
    ("1d", 1_440),
];

impl Interval {
    /// The interval of this name.
    pub(crate) fn of(name: &str) -> Option<Self> {
        let place = INTERVALS.iter().position(|(known, _)| *known == name)?;
        Self::all().nth(place)
    }

    fn all() -> impl Iterator<Item = Self> {
        (0..)
            .zip(INTERVALS)
            .map(|(place, (_, minutes))| Self { place, minutes })
    }

    pub(crate) const fn length_ms(self) -> i64 {
        self.minutes * MINUTE_MS
    }

    /// When the interval began that a moment lies in.
    pub(crate) const fn start_of(self, ms: i64) -> i64 {
        ms - ms.rem_euclid(self.length_ms())
    }
}

/// What was traded within an interval.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Kline {
    pub(crate) open_ms: i64,
    pub(crate) open: Amount,
    pub(crate) high: Amount,
    pub(crate) low: Amount,
    pub(crate) close: Amount,
    /// Base units, in 1e-8.
    pub(crate) volume: i128,
    /// Quote units, in 1e-8.
    pub(crate) quote_volume: i128,
    pub(crate) trades: u64,
    /// Base units that were bought at the price of a seller, in 1e-8.
    pub(crate) taker_volume: i128,
    /// The same in quote units.
    pub(crate) taker_quote_volume: i128,
}

impl Kline {
    /// Nothing was traded.
    const fn flat(open_ms: i64, price: Amount) -> Self {
        Self {
            open_ms,
            open: price,
            high: price,
            low: price,
            close: price,
            volume: 0,
            quote_volume: 0,
            trades: 0,
            taker_volume: 0,
            taker_quote_volume: 0,
        }
    }

    fn of(trade: &Trade) -> Self {
        let volume = i128::from(trade.quantity.units());
        let worth = volume * i128::from(trade.price.units()) / i128::from(Amount::SCALE);
        let taken = i128::from(!trade.buyer_is_maker);
        Self {
            volume,
            quote_volume: worth,
            trades: 1,
            taker_volume: volume * taken,
            taker_quote_volume: worth * taken,
            ..Self::flat(trade.time_ms, trade.price)
        }
    }

    /// With what was traded after it.
    pub(crate) fn and(self, later: Self) -> Self {
        Self {
            open_ms: self.open_ms,
            open: self.open,
            high: self.high.max(later.high),
            low: self.low.min(later.low),
            close: later.close,
            volume: self.volume + later.volume,
            quote_volume: self.quote_volume + later.quote_volume,
            trades: self.trades + later.trades,
            taker_volume: self.taker_volume + later.taker_volume,
            taker_quote_volume: self.taker_quote_volume + later.taker_quote_volume,
        }
    }
}

/// The newest klines of one symbol, of every interval.
#[derive(Debug, Default)]
pub(crate) struct Chart([BTreeMap<i64, Kline>; INTERVALS.len()]);

/// Which klines are asked for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asked {
    pub(crate) interval: Interval,
    /// None that began before.
    pub(crate) from_ms: Option<i64>,
    /// None that begins later.
    pub(crate) to_ms: Option<i64>,
    /// The first so many if it is said from when on, the last so many otherwise.
    pub(crate) limit: i64,
}

/// The klines of one interval, as they were when they were asked for.
#[derive(Debug)]
pub(crate) struct Series {
    pub(crate) traded: BTreeMap<i64, Kline>,
    pub(crate) past: Option<Arc<Past>>,
    pub(crate) now_ms: i64,
}

impl Chart {
    /// The chart of minutes in order of time.
    pub(crate) fn of_minutes(minutes: Vec<Kline>) -> Self {
        let (mut chart, mut parts) = (Self::default(), minutes);
        for (interval, klines) in Interval::all().zip(&mut chart.0) {
            let same =
                |a: &Kline, b: &Kline| interval.start_of(a.open_ms) == interval.start_of(b.open_ms);
            // Each interval divides the next.
            let whole = |parts: &[Kline]| {
                let whole = parts.iter().copied().reduce(Kline::and)?;
                Some(Kline {
                    open_ms: interval.start_of(whole.open_ms),
                    ..whole
                })
            };
            parts = parts.chunk_by(same).filter_map(whole).collect();
            let kept = parts.iter().skip(parts.len().saturating_sub(KEPT));
            klines.extend(kept.map(|kline| (kline.open_ms, *kline)));
        }
        chart
    }

    pub(crate) fn record(&mut self, trade: &Trade) {
        let one = Kline::of(trade);
        for (interval, klines) in Interval::all().zip(&mut self.0) {
            let open_ms = interval.start_of(trade.time_ms);
            klines
                .entry(open_ms)
                .and_modify(|kline| *kline = kline.and(one))
                .or_insert(Kline { open_ms, ..one });
            if klines.len() > KEPT {
                klines.pop_first();
            }
        }
    }

    pub(crate) fn of(&self, interval: Interval) -> &BTreeMap<i64, Kline> {
        &self.0[interval.place]
    }
}

impl Series {
    /// What was asked for, in order of time. Where nothing was traded the price stands still.
    pub(crate) fn klines(&self, asked: &Asked) -> Vec<Kline> {
        let (interval, length_ms) = (asked.interval, asked.interval.length_ms());
        let past = self.past.as_ref().map(|past| past.chart().of(interval));
        let parts = past.into_iter().chain([&self.traded]);
        let Some(begins) = parts.filter_map(|part| part.keys().next().copied()).min() else {
            return Vec::new();
        };
        let newest = interval.start_of(self.now_ms).max(self.last_traded());
        let last = asked
            .to_ms
            .map_or(newest, |to| interval.start_of(to).min(newest));
        let reach_ms = (asked.limit - 1) * length_ms;
        let (first, last) = match asked.from_ms {
            Some(from) => {
                let first = interval
                    .start_of(from.saturating_add(length_ms - 1))
                    .max(begins);
                (first, last.min(first.saturating_add(reach_ms)))
            }
            None => ((last - reach_ms).max(begins), last),
        };
        let mut klines: Vec<Kline> = Vec::new();
        let mut open_ms = first;
        while open_ms <= last {
            let before = klines.last().map(|kline| kline.close);
            klines.extend(self.kline(past, open_ms, before));
            open_ms += length_ms;
        }
        klines
    }

    fn last_traded(&self) -> i64 {
        self.traded.keys().next_back().copied().unwrap_or(i64::MIN)
    }

    /// A kline; it stands where `before` left the price if nothing was traded.
    fn kline(
        &self,
        past: Option<&BTreeMap<i64, Kline>>,
        open_ms: i64,
        before: Option<Amount>,
    ) -> Option<Kline> {
        let past = past.and_then(|past| past.get(&open_ms).copied());
        match (past, self.traded.get(&open_ms).copied()) {
            (Some(past), Some(traded)) => Some(past.and(traded)),
            (Some(one), None) | (None, Some(one)) => Some(one),
            (None, None) => {
                let last = || Some(self.traded.range(..open_ms).next_back()?.1.close);
                Some(Kline::flat(open_ms, before.or_else(last)?))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2024-08-08T13:47:00Z
    const MINUTE: i64 = 1_723_124_820_000;

    fn trade(price: &str, time_ms: i64) -> Trade {
        Trade {
            symbol: "BTCUSDT".to_owned(),
            id: 1,
            price: price.parse().unwrap(),
            quantity: "0.5".parse().unwrap(),
            time_ms,
            buyer_is_maker: price == "100",
        }
    }

    fn series(trades: &[(&str, i64)], interval: Interval, past: Option<Arc<Past>>) -> Series {
        let mut chart = Chart::default();
        for (price, after_ms) in trades {
            chart.record(&trade(price, MINUTE + after_ms));
        }
        Series {
            traded: chart.of(interval).clone(),
            past,
            now_ms: MINUTE + 190_000,
        }
    }

    fn asked(interval: Interval) -> Asked {
        Asked {
            interval,
            from_ms: None,
            to_ms: None,
            limit: 1_000,
        }
    }

    fn closes(klines: &[Kline]) -> Vec<(i64, String)> {
        let close = |kline: &Kline| {
            let text = kline.close.to_string();
            let whole = text.split('.').next().unwrap().to_owned();
            ((kline.open_ms - MINUTE) / MINUTE_MS, whole)
        };
        klines.iter().map(close).collect()
    }

    const TRADES: &[(&str, i64)] = &[("100", 0), ("103", 1), ("99", 59_999), ("101", 120_000)];

    #[test]
    fn trades_are_folded_and_a_minute_without_one_stands_still() {
        let minute = Interval::of("1m").unwrap();
        let klines = series(TRADES, minute, None).klines(&asked(minute));
        let expected = [(0, "99"), (1, "99"), (2, "101"), (3, "101")];
        assert_eq!(
            closes(&klines),
            expected.map(|(at, close)| (at, close.to_owned()))
        );
        let first = klines[0];
        let amounts = [first.open, first.high, first.low].map(|it| it.units() / Amount::SCALE);
        assert_eq!(amounts, [100, 103, 99]);
        assert_eq!((first.trades, first.volume), (3, 150_000_000));
        assert_eq!(first.taker_volume, 100_000_000);
        assert_eq!(first.quote_volume, 15_100_000_000);
        assert_eq!((klines[1].trades, klines[1].volume), (0, 0));
    }

    #[test]
    fn klines_are_asked_for_by_time_and_number() {
        let minute = Interval::of("1m").unwrap();
        let series = series(TRADES, minute, None);
        for (from, to, limit, expected) in [
            (None, None, 2, vec![2, 3]),
            (None, Some(119_999), 1, vec![1]),
            (Some(0), None, 2, vec![0, 1]),
            (Some(1), None, 9, vec![1, 2, 3]),
            (Some(-600_000), Some(60_000), 9, vec![0, 1]),
            (Some(600_000), None, 9, vec![]),
        ] {
            let asked = Asked {
                from_ms: from.map(|ms: i64| MINUTE + ms),
                to_ms: to.map(|ms: i64| MINUTE + ms),
                limit,
                ..asked(minute)
            };
            let found: Vec<_> = closes(&series.klines(&asked))
                .into_iter()
                .map(|(at, _)| at)
                .collect();
            assert_eq!(found, expected, "{asked:?}");
        }
    }

    #[test]
    fn what_was_traded_goes_on_where_the_past_ends() {
        let price = "100".parse().unwrap();
        let past = Past::new(1, "BTCUSDT", MINUTE, price, Amount::from_units(1_000_000));
        let past = Arc::new(past);
        let [minute, hour] = ["1m", "1h"].map(|name| Interval::of(name).unwrap());
        let minutes = series(TRADES, minute, Some(Arc::clone(&past))).klines(&asked(minute));
        assert_eq!(minutes.len(), 1_000);
        assert!(
            minutes
                .windows(2)
                .all(|pair| pair[0].open_ms < pair[1].open_ms)
        );
        assert_eq!(minutes[995].close, minutes[996].open);
        let hours = series(TRADES, hour, Some(past)).klines(&asked(hour));
        let of_it = &minutes[1_000 - 51..];
        let last = hours[hours.len() - 1];
        assert_eq!(of_it[0].open_ms, last.open_ms);
        assert_eq!(of_it[0].open, last.open);
        assert_eq!(of_it.iter().map(|it| it.high).max(), Some(last.high));
        assert_eq!(of_it.iter().map(|it| it.volume).sum::<i128>(), last.volume);
    }

    #[test]
    fn a_chart_is_bounded_and_without_a_trade_there_is_none() {
        let minute = Interval::of("1m").unwrap();
        assert_eq!(series(&[], minute, None).klines(&asked(minute)), []);
        let mut chart = Chart::default();
        for at in 0..1_010 {
            chart.record(&trade("100", MINUTE + at * MINUTE_MS));
        }
        assert_eq!(chart.of(minute).len(), KEPT);
        assert!(chart.of(minute).contains_key(&(MINUTE + 1_009 * MINUTE_MS)));
    }
}
