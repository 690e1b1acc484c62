//! What a verified record holds, counted, and which trades it does not speak of.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::battle::MarketState;
use crate::engine::{Effects, Fact, PositionChange};
use crate::market::{Epoch, MarketEntry, MarketEvent};
use crate::order::Outcome;
use crate::position::EndCause;
use crate::symbol::Symbol;

/// What a verified record holds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Tally {
    /// Trades that counted, came from a leader that had been replaced, or came once more.
    pub ticks: u64,
    /// Promises that the market is complete up to a moment.
    pub watermarks: u64,
    /// Runs of trades that could not be fetched.
    pub gaps: u64,
    /// Trades that did not count.
    pub notes: u64,
    /// Measurements of the exchange's clock.
    pub offsets: u64,
    /// Commands that were taken.
    pub accepted: u64,
    /// Commands that were refused.
    pub refused: u64,
    /// Orders that were filled.
    pub fills: u64,
    /// Positions and orders that ended, by cause.
    pub ends: BTreeMap<EndCause, u64>,
    /// Trades that neither tick nor gap nor note speaks of, by market.
    pub missing_trades: Vec<MissingTrades>,
}

/// Trades of one market that a record does not speak of, between others that it does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MissingTrades {
    /// The market.
    pub symbol: Symbol,
    /// The exchange's number of the first.
    pub first: u64,
    /// How many they are.
    pub count: u64,
}

impl Tally {
    pub(super) fn market(&mut self, entry: &MarketEntry) {
        let count = match &entry.event {
            MarketEvent::Tick { .. } => &mut self.ticks,
            MarketEvent::Watermark { .. } => &mut self.watermarks,
            MarketEvent::Gap { .. } => &mut self.gaps,
            MarketEvent::Note { .. } => &mut self.notes,
            MarketEvent::Offset { .. } => &mut self.offsets,
        };
        add_one(count);
    }

    pub(super) fn command(&mut self, outcome: &Outcome) {
        add_one(match outcome {
            Outcome::Accepted { .. } => &mut self.accepted,
            Outcome::Refused(_) => &mut self.refused,
        });
    }

    pub(super) fn effects(&mut self, effects: &Effects) {
        for fact in &effects.facts {
            match fact {
                Fact::Position { change, .. } => self.change(change),
                Fact::BattleOpened { .. }
                | Fact::BattleFinal { .. }
                | Fact::BattleCanceled { .. } => {}
            }
        }
    }

    fn change(&mut self, change: &PositionChange) {
        let cause = match change {
            PositionChange::Filled(_) => {
                add_one(&mut self.fills);
                return;
            }
            PositionChange::Closed { cause, .. }
            | PositionChange::Canceled { cause, .. }
            | PositionChange::Rejected { cause, .. } => *cause,
            PositionChange::Liquidated { .. } => EndCause::Liquidation,
            PositionChange::Accepted
            | PositionChange::Amended { .. }
            | PositionChange::Lapsed { .. } => return,
        };
        add_one(self.ends.entry(cause).or_default());
    }
}

fn add_one(count: &mut u64) {
    *count = count.saturating_add(1);
}

/// The trades that a record speaks of. The exchange numbers the trades of a market without holes,
/// and every number is told as a tick, within a gap or as a note.
#[derive(Clone, Debug, Default)]
pub(super) struct Trades(BTreeMap<Symbol, Spoken>);

/// The trades of one market.
#[derive(Clone, Debug)]
struct Spoken {
    /// The highest that was spoken of.
    to: u64,
    /// What was passed over, as first and last.
    missing: BTreeMap<u64, u64>,
}

impl Trades {
    /// Those behind what the market had told when the battle was opened.
    pub(super) fn behind(market: &MarketState) -> Self {
        let told = market.assets.iter().filter_map(|asset| {
            let to = asset.tick?.trade;
            let missing = BTreeMap::new();
            Some((asset.symbol.clone(), Spoken { to, missing }))
        });
        Self(told.collect())
    }

    /// Takes note of an entry, when the highest epoch so far was `epoch`.
    pub(super) fn tell(&mut self, epoch: Epoch, entry: &MarketEntry) {
        let (symbol, first, last) = match &entry.event {
            MarketEvent::Tick { symbol, tick } | MarketEvent::Note { symbol, tick, .. } => {
                (symbol, tick.trade, tick.trade)
            }
            MarketEvent::Gap {
                symbol,
                first,
                last,
            } => (symbol, *first, *last),
            MarketEvent::Watermark { .. } | MarketEvent::Offset { .. } => return,
        };
        if entry.epoch < epoch || last < first {
            return;
        }
        match self.0.get_mut(symbol) {
            Some(spoken) => spoken.tell(first, last),
            None => {
                let missing = BTreeMap::new();
                let spoken = Spoken { to: last, missing };
                self.0.insert(symbol.clone(), spoken);
            }
        }
    }

    /// What is missing, by market.
    pub(super) fn missing(&self) -> Vec<MissingTrades> {
        let missing = self.0.iter().filter_map(|(symbol, spoken)| {
            let (first, _) = spoken.missing.first_key_value()?;
            let count = spoken.missing.iter().fold(0_u64, |sum, (first, last)| {
                let len = last.saturating_sub(*first).saturating_add(1);
                sum.saturating_add(len)
            });
            Some(MissingTrades {
                symbol: symbol.clone(),
                first: *first,
                count,
            })
        });
        missing.collect()
    }
}

impl Spoken {
    fn tell(&mut self, first: u64, last: u64) {
        let next = self.to.saturating_add(1);
        if next < first {
            self.missing.insert(next, first.saturating_sub(1));
        }
        let until = self.missing.range(..=last).rev();
        let touched = until.take_while(|(_, end)| **end >= first);
        let touched: Vec<_> = touched.map(|(start, end)| (*start, *end)).collect();
        for (start, end) in touched {
            self.missing.remove(&start);
            if start < first {
                self.missing.insert(start, first.saturating_sub(1));
            }
            if last < end {
                self.missing.insert(last.saturating_add(1), end);
            }
        }
        self.to = self.to.max(last);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{BTC, price};
    use crate::market::{NoteReason, Tick};
    use crate::timestamp::Timestamp;

    fn tick(trade: u64) -> Tick {
        Tick {
            trade,
            price: price(1),
            time: Timestamp::from_ms(0),
        }
    }

    fn told(events: &[(u64, MarketEvent)]) -> Vec<(u64, u64)> {
        let mut trades = Trades::default();
        for (epoch, event) in events {
            let event = event.clone();
            let epoch = Epoch(*epoch);
            trades.tell(Epoch(1), &MarketEntry { epoch, event });
        }
        let missing = trades.missing();
        missing.iter().map(|run| (run.first, run.count)).collect()
    }

    fn symbol() -> Symbol {
        BTC.parse().unwrap()
    }

    fn traded(trade: u64) -> MarketEvent {
        MarketEvent::Tick {
            symbol: symbol(),
            tick: tick(trade),
        }
    }

    fn gap(first: u64, last: u64) -> MarketEvent {
        MarketEvent::Gap {
            symbol: symbol(),
            first,
            last,
        }
    }

    fn noted(trade: u64) -> MarketEvent {
        MarketEvent::Note {
            symbol: symbol(),
            tick: tick(trade),
            reason: NoteReason::Late,
        }
    }

    #[test]
    fn gaps_and_notes_account_for_trades_in_any_order() {
        let events = [traded(5), noted(7), traded(6), gap(8, 9), traded(10)];
        assert_eq!(told(&events.map(|event| (1, event))), []);
    }

    #[test]
    fn what_nobody_speaks_of_is_missing() {
        let events = [traded(5), traded(9), gap(7, 7), traded(12)];
        assert_eq!(told(&events.map(|event| (1, event))), [(6, 4)]);
    }

    #[test]
    fn a_leader_that_was_replaced_speaks_of_nothing() {
        assert_eq!(
            told(&[(1, traded(5)), (0, traded(6)), (2, traded(7))]),
            [(6, 1)]
        );
    }
}
