//! What one symbol has traded lately: a bounded history, and the figures of the last 24 hours.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::amount::Amount;
use crate::kline::{Chart, Interval, Series};
use crate::listing::Listing;
use crate::past::Past;
use crate::trade::Trade;

/// Trades that one symbol remembers for `historicalTrades`.
const HISTORY_TRADES: usize = 20_000;
/// Milliseconds that the 24-hour figures look back.
const DAY_MS: i64 = 24 * 3_600_000;

/// The trades of one symbol.
#[derive(Debug)]
pub(crate) struct Tape {
    pub(crate) listing: Listing,
    next_id: i64,
    /// Lasting jumps made by hand, as millionths of what the source says.
    factor_ppm: i64,
    trades: VecDeque<Trade>,
    chart: Chart,
    /// What the time before the first trade is made of.
    past_seed: Option<u64>,
    past: Option<Arc<Past>>,
}

/// The figures of the last 24 hours, as far as the history reaches.
#[derive(Debug, Default)]
pub(crate) struct Day {
    pub(crate) open: Option<Trade>,
    pub(crate) last: Option<Trade>,
    pub(crate) high: i64,
    pub(crate) low: i64,
    /// Base units traded, in 1e-8.
    pub(crate) volume: i128,
    /// Quote units traded, in 1e-8.
    pub(crate) quote_volume: i128,
    pub(crate) count: usize,
}

impl Tape {
    pub(crate) fn new(listing: Listing, first_id: i64, past_seed: Option<u64>) -> Self {
        Self {
            listing,
            next_id: first_id,
            factor_ppm: 0,
            trades: VecDeque::new(),
            chart: Chart::default(),
            past_seed,
            past: None,
        }
    }

    /// Adds a trade and gives it its id.
    pub(crate) fn record(
        &mut self,
        price: Amount,
        quantity: Amount,
        buyer_is_maker: bool,
        time_ms: i64,
    ) -> Trade {
        let trade = Trade {
            symbol: self.listing.symbol.clone(),
            id: self.next_id,
            price,
            quantity,
            time_ms,
            buyer_is_maker,
        };
        self.next_id = self.next_id.saturating_add(1);
        if self.trades.len() == HISTORY_TRADES {
            self.trades.pop_front();
        }
        self.trades.push_back(trade.clone());
        self.chart.record(&trade);
        if self.past.is_none() {
            let Listing {
                symbol, tick_size, ..
            } = &self.listing;
            let past = |seed| Past::new(seed, symbol, time_ms, price, *tick_size).into();
            self.past = self.past_seed.map(past);
        }
        trade
    }

    /// Leaves out this many ids for good.
    pub(crate) fn skip_ids(&mut self, count: u32) {
        self.next_id = self.next_id.saturating_add(i64::from(count));
    }

    /// A source's price with the lasting jumps made by hand.
    pub(crate) fn shifted(&self, price: Amount) -> Amount {
        match self.factor_ppm {
            0 => price,
            ppm => price.moved(ppm, self.listing.tick_size),
        }
    }

    /// Moves all later prices of the source by so many basis points, on top of earlier moves.
    pub(crate) fn shift(&mut self, bps: i32) {
        let factor = 1_000_000 + i128::from(self.factor_ppm);
        let moved = factor * (10_000 + i128::from(bps)) / 10_000 - 1_000_000;
        self.factor_ppm = i64::try_from(moved).unwrap_or(self.factor_ppm);
    }

    /// The last price, or where the symbol starts.
    pub(crate) fn last_price(&self) -> Amount {
        self.trades
            .back()
            .map_or(self.listing.first_price, |trade| trade.price)
    }

    /// At most `limit` trades from `from_id` up; without it the newest ones.
    pub(crate) fn history(&self, from_id: Option<i64>, limit: usize) -> Vec<Trade> {
        let start = match from_id {
            Some(id) => self.trades.partition_point(|trade| trade.id < id),
            None => self.trades.len().saturating_sub(limit),
        };
        self.trades
            .iter()
            .skip(start)
            .take(limit)
            .cloned()
            .collect()
    }

    /// The klines of an interval.
    pub(crate) fn series(&self, interval: Interval, now_ms: i64) -> Series {
        Series {
            traded: self.chart.of(interval).clone(),
            past: self.past.clone(),
            now_ms,
        }
    }

    pub(crate) fn day(&self, now_ms: i64) -> Day {
        let mut day = Day {
            low: i64::MAX,
            ..Day::default()
        };
        for trade in self
            .trades
            .iter()
            .filter(|trade| trade.time_ms > now_ms - DAY_MS)
        {
            let price = trade.price.units();
            let quantity = i128::from(trade.quantity.units());
            day.open.get_or_insert_with(|| trade.clone());
            day.high = day.high.max(price);
            day.low = day.low.min(price);
            day.volume += quantity;
            day.quote_volume += i128::from(price) * quantity / i128::from(Amount::SCALE);
            day.count += 1;
            day.last = Some(trade.clone());
        }
        day
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tape() -> Tape {
        Tape::new(Listing::defaults().remove(0), 100, None)
    }

    fn one() -> Amount {
        Amount::from_units(Amount::SCALE)
    }

    #[test]
    fn the_history_is_bounded_and_found_by_id() {
        let mut tape = tape();
        for _ in 0..HISTORY_TRADES + 10 {
            tape.record(one(), one(), true, 5);
        }
        assert_eq!(tape.history(Some(0), 1)[0].id, 110);
        assert_eq!(
            tape.history(Some(115), 3)
                .iter()
                .map(|t| t.id)
                .collect::<Vec<_>>(),
            [115, 116, 117]
        );
        assert_eq!(tape.history(None, 1)[0].id, 20_109);
        assert!(tape.history(Some(i64::MAX), 10).is_empty());
    }

    #[test]
    fn moves_made_by_hand_add_up_and_can_be_taken_back() {
        let mut tape = tape();
        let price: Amount = "100".parse().unwrap();
        tape.shift(1000);
        tape.shift(1000);
        assert_eq!(tape.shifted(price).to_string(), "121.00000000");
    }

    #[test]
    fn the_day_forgets_what_is_older() {
        let mut tape = tape();
        tape.record(one(), one(), true, 0);
        tape.record(Amount::from_units(3 * Amount::SCALE), one(), true, DAY_MS);
        let day = tape.day(DAY_MS);
        assert_eq!((day.count, day.low), (1, 3 * Amount::SCALE));
        assert_eq!(tape.day(DAY_MS - 1).count, 2);
    }
}
