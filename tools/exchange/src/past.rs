//! The time before the first trade, made up so that a chart has a beginning: a pure function of a
//! seed, the symbol and the minute, moved so that it ends where the first trade begins.

use std::sync::OnceLock;

use crate::amount::Amount;
use crate::kline::{Chart, Kline, MINUTE_MS};

/// How far back it goes, in minutes: sixty days.
const DEPTH_MINUTES: i64 = 60 * 1_440;
/// Waves that make a price: how many minutes from one turn to the next, and how far each goes, in
/// billionths of the price.
const WAVES: [(i64, i64); 6] = [
    (46_080, 80_000_000),
    (5_760, 40_000_000),
    (720, 20_000_000),
    (120, 8_000_000),
    (15, 3_000_000),
    (1, 800_000),
];
/// A turn of a wave lies between this and its opposite.
const TURN: i64 = 1_000_000;
/// The longest wick of a minute, in millionths of the price.
const WICK_PPM: u32 = 300;
/// What is rolled of a minute besides its waves, which have the numbers up to this.
const BESIDE_WAVES: u64 = 100;

/// The past of one symbol: whole minutes up to the one of its first trade.
#[derive(Debug)]
pub(crate) struct Past {
    seed: u64,
    /// The minute of the first trade, in minutes since 1970, and its price.
    first_minute: i64,
    first_price: Amount,
    step: Amount,
    /// The waves at the first minute.
    at_first: i64,
    /// Made when it is first asked for.
    chart: OnceLock<Chart>,
}

impl Past {
    /// The past of a symbol that first traded at `first_ms` for `first_price`.
    pub(crate) fn new(
        seed: u64,
        symbol: &str,
        first_ms: i64,
        first_price: Amount,
        step: Amount,
    ) -> Self {
        let seed = symbol
            .bytes()
            .fold(seed, |seed, byte| mixed(seed ^ u64::from(byte)));
        let first_minute = first_ms.div_euclid(MINUTE_MS);
        Self {
            seed,
            first_minute,
            first_price,
            step,
            at_first: waves(seed, first_minute),
            chart: OnceLock::new(),
        }
    }

    /// Its klines. Making them takes a moment, for days are folded from their minutes.
    pub(crate) fn chart(&self) -> &Chart {
        self.chart.get_or_init(|| {
            let mut minutes = Vec::new();
            let mut close = self.first_price;
            for minute in (self.first_minute - DEPTH_MINUTES..self.first_minute).rev() {
                let open = self.price(minute);
                minutes.push(self.minute(minute, open, close));
                close = open;
            }
            minutes.reverse();
            Chart::of_minutes(minutes)
        })
    }

    fn minute(&self, minute: i64, open: Amount, close: Amount) -> Kline {
        let mut rest = roll(self.seed, BESIDE_WAVES, minute);
        let mut rolled = |below: u32| {
            let rolled = rest % u64::from(below);
            rest /= u64::from(below);
            i64::try_from(rolled).unwrap_or(0)
        };
        let (top, bottom) = (open.max(close), open.min(close));
        let high = top.moved(rolled(WICK_PPM), self.step).max(top);
        let low = bottom.moved(-rolled(WICK_PPM), self.step).min(bottom);
        let trades = 60 + rolled(400);
        let volume = i128::from(trades * (50 + rolled(200)) * 100_000);
        let taker_volume = volume * i128::from(40 + rolled(21)) / 100;
        let middle = i128::midpoint(i128::from(open.units()), i128::from(close.units()));
        let worth = |volume: i128| volume * middle / i128::from(Amount::SCALE);
        Kline {
            open_ms: minute * MINUTE_MS,
            open,
            high,
            low,
            close,
            volume,
            quote_volume: worth(volume),
            trades: trades.unsigned_abs(),
            taker_volume,
            taker_quote_volume: worth(taker_volume),
        }
    }

    /// The price when a minute begins.
    fn price(&self, minute: i64) -> Amount {
        let moved_ppb = waves(self.seed, minute) - self.at_first;
        if moved_ppb == 0 {
            return self.first_price;
        }
        let exact = i128::from(self.first_price.units()) * i128::from(1_000_000_000 + moved_ppb);
        let price = Amount::from_units(i64::try_from(exact / 1_000_000_000).unwrap_or(i64::MAX));
        price.moved(0, self.step)
    }
}

/// How far all waves together are out, in billionths.
fn waves(seed: u64, minute: i64) -> i64 {
    (0..)
        .zip(WAVES)
        .map(|(wave, (minutes, reach))| {
            let (cell, into) = (minute.div_euclid(minutes), minute.rem_euclid(minutes));
            let between =
                turn(seed, wave, cell) * (minutes - into) + turn(seed, wave, cell + 1) * into;
            between / minutes * reach / TURN
        })
        .sum()
}

fn turn(seed: u64, wave: u64, cell: i64) -> i64 {
    let span = 2 * TURN.unsigned_abs() + 1;
    i64::try_from(roll(seed, wave, cell) % span).unwrap_or(0) - TURN
}

fn roll(seed: u64, of: u64, place: i64) -> u64 {
    mixed(mixed(seed ^ of) ^ place.cast_unsigned())
}

/// A number that looks like chance (splitmix64).
const fn mixed(number: u64) -> u64 {
    let sum = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let once = (sum ^ (sum >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let twice = (once ^ (once >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    twice ^ (twice >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kline::Interval;

    /// 2024-08-08T13:47:35.342Z
    const FIRST_MS: i64 = 1_723_124_855_342;

    fn past(seed: u64, symbol: &str) -> Past {
        let price = "61837.63".parse().unwrap();
        Past::new(seed, symbol, FIRST_MS, price, Amount::from_units(1_000_000))
    }

    /// Its newest klines of an interval.
    fn klines(past: &Past, interval: &str) -> Vec<Kline> {
        let interval = Interval::of(interval).unwrap();
        past.chart().of(interval).values().copied().collect()
    }

    fn minutes(past: &Past) -> Vec<Kline> {
        klines(past, "1m")
    }

    #[test]
    fn the_same_seed_and_symbol_have_the_same_past() {
        assert_eq!(minutes(&past(1, "BTCUSDT")), minutes(&past(1, "BTCUSDT")));
        assert_ne!(minutes(&past(1, "BTCUSDT")), minutes(&past(2, "BTCUSDT")));
        assert_ne!(minutes(&past(1, "BTCUSDT")), minutes(&past(1, "ETHUSDT")));
    }

    #[test]
    fn it_ends_where_the_first_trade_begins_and_has_no_jump_before() {
        let made = minutes(&past(1, "BTCUSDT"));
        assert_eq!(made.len(), 1_000);
        assert_eq!(made[999].close.to_string(), "61837.63000000");
        assert!(made.windows(2).all(|pair| pair[0].close == pair[1].open));
        let far = |kline: &Kline| (kline.close.units() - kline.open.units()).abs() * 50;
        assert!(made.iter().all(|kline| far(kline) < kline.open.units()));
        assert!(made.iter().any(|kline| kline.close != kline.open));
    }

    #[test]
    fn every_price_lies_on_its_step_between_low_and_high() {
        for kline in minutes(&past(3, "BTCUSDT")) {
            let prices = [kline.open, kline.close];
            for price in prices {
                assert!(kline.low <= price && price <= kline.high, "{kline:?}");
                assert_eq!(price.units() % 1_000_000, 0);
            }
            assert!(kline.taker_volume < kline.volume && kline.trades > 0);
        }
    }

    #[test]
    fn a_longer_interval_is_what_its_minutes_come_to() {
        let past = past(1, "BTCUSDT");
        let minutes = minutes(&past);
        let hours = klines(&past, "1h");
        // The last is cut off by the first trade.
        for whole in &hours[hours.len() - 3..] {
            let end_ms = whole.open_ms + 60 * MINUTE_MS;
            let of_it: Vec<_> = minutes
                .iter()
                .filter(|it| it.open_ms >= whole.open_ms && it.open_ms < end_ms)
                .collect();
            assert!(of_it.len() == 60 || of_it.len() == 47);
            assert_eq!(of_it.iter().map(|it| it.high).max(), Some(whole.high));
            assert_eq!(of_it.iter().map(|it| it.low).min(), Some(whole.low));
            let volume = of_it.iter().map(|it| it.volume).sum::<i128>();
            assert_eq!(volume, whole.volume);
            assert_eq!(whole.open, of_it[0].open);
            assert_eq!(whole.close, of_it[of_it.len() - 1].close);
        }
        assert_eq!(klines(&past, "1d").len(), 61);
    }
}
