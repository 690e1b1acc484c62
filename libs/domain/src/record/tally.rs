//! What a verified record holds, counted, and which trades it does not speak of.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::battle::MarketState;
use crate::engine::{Effects, Fact, PositionChange};
use crate::market::{Epoch, MarketEntry, MarketEvent, NoteReason};
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
    /// Those of them that the market has told of behind the opening: somebody took them out.
    pub removed_trades: Vec<MissingTrades>,
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
///
/// A leader tells them in the order of their numbers, but for one: while it holds a trade that may
/// be rejected, it tells of late ones and gaps behind it. So an honest record lacks only
///
/// - what was told before the opening, beside a trade that was held then. All of it lies in front
///   of the second decided trade, one that is a tick or rejected;
/// - what a leader held when it was replaced: behind the last one that it decided on.
///
/// Any other number between two decided trades of one leader was told in front of the second.
#[derive(Clone, Debug, Default)]
pub(super) struct Trades {
    /// The leader's epoch at the opening.
    opened: Epoch,
    spoken: BTreeMap<Symbol, Spoken>,
}

/// The trades of one market.
#[derive(Clone, Debug)]
struct Spoken {
    /// The highest that was spoken of.
    to: u64,
    /// What was passed over, by the first.
    missing: BTreeMap<u64, Missing>,
    /// Whose word is heard.
    epoch: Epoch,
    /// The last decided trade.
    decided: Option<u64>,
    /// So many decided trades are still to come until nothing behind them may be missing.
    unsure: u8,
}

/// A run of trades that were passed over.
#[derive(Clone, Copy, Debug)]
struct Missing {
    last: u64,
    /// Whether they were told once.
    removed: bool,
}

impl Trades {
    /// Those behind what the market had told when the battle was opened.
    pub(super) fn behind(market: &MarketState) -> Self {
        let opened = market.epoch;
        let told = market.assets.iter().filter_map(|asset| {
            let to = asset.tick?.trade;
            let mut spoken = Spoken::begin(to, opened, opened);
            spoken.decided = Some(to);
            Some((asset.symbol.clone(), spoken))
        });
        Self {
            opened,
            spoken: told.collect(),
        }
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
        let begin = || Spoken::begin(last, entry.epoch, self.opened);
        let spoken = self.spoken.entry(symbol.clone()).or_insert_with(begin);
        spoken.tell(first, last);
        if spoken.epoch < entry.epoch {
            spoken.epoch = entry.epoch;
            spoken.unsure = 1;
        }
        let decided = match &entry.event {
            MarketEvent::Tick { .. } => true,
            MarketEvent::Note { reason, .. } => *reason == NoteReason::Rejected,
            MarketEvent::Gap { .. }
            | MarketEvent::Watermark { .. }
            | MarketEvent::Offset { .. } => false,
        };
        if decided {
            spoken.decide(last);
        }
    }

    /// What is missing, by market.
    pub(super) fn missing(&self) -> Vec<MissingTrades> {
        self.runs(|_| true)
    }

    /// What is missing although it was told, by market.
    pub(super) fn removed(&self) -> Vec<MissingTrades> {
        self.runs(|run| run.removed)
    }

    fn runs(&self, counts: impl Fn(&Missing) -> bool) -> Vec<MissingTrades> {
        let missing = self.spoken.iter().filter_map(|(symbol, spoken)| {
            let runs = || spoken.missing.iter().filter(|(_, run)| counts(run));
            let (first, _) = runs().next()?;
            let count = runs().fold(0_u64, |sum, (first, run)| {
                let len = run.last.saturating_sub(*first).saturating_add(1);
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
    /// Those up to `to`, as a leader begins to tell when the one at the opening was `opened`.
    const fn begin(to: u64, epoch: Epoch, opened: Epoch) -> Self {
        Self {
            to,
            missing: BTreeMap::new(),
            epoch,
            decided: None,
            unsure: if epoch.0 > opened.0 { 1 } else { 2 },
        }
    }

    fn tell(&mut self, first: u64, last: u64) {
        let next = self.to.saturating_add(1);
        if next < first {
            let passed_over = Missing {
                last: first.saturating_sub(1),
                removed: false,
            };
            self.missing.insert(next, passed_over);
        }
        let until = self.missing.range(..=last).rev();
        let touched = until.take_while(|(_, run)| run.last >= first);
        let touched: Vec<_> = touched.map(|(start, run)| (*start, *run)).collect();
        for (start, run) in touched {
            self.missing.remove(&start);
            if start < first {
                let last = first.saturating_sub(1);
                self.missing.insert(start, Missing { last, ..run });
            }
            if last < run.last {
                self.missing.insert(last.saturating_add(1), run);
            }
        }
        self.to = self.to.max(last);
    }

    /// Takes note that a leader has decided on a trade, which it told just now.
    fn decide(&mut self, trade: u64) {
        let before = self.decided.unwrap_or_default();
        if self.decided.is_some() && trade <= before {
            return;
        }
        self.decided = Some(trade);
        if self.unsure > 0 {
            self.unsure = self.unsure.saturating_sub(1);
            return;
        }
        for (_, run) in self.missing.range_mut(before..trade) {
            run.removed = true;
        }
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

    fn heard(events: &[(u64, MarketEvent)]) -> Trades {
        let mut trades = Trades {
            opened: Epoch(1),
            ..Trades::default()
        };
        for (epoch, event) in events {
            let event = event.clone();
            let epoch = Epoch(*epoch);
            trades.tell(Epoch(1), &MarketEntry { epoch, event });
        }
        trades
    }

    fn told(events: &[(u64, MarketEvent)]) -> Vec<(u64, u64)> {
        let missing = heard(events).missing();
        missing.iter().map(|run| (run.first, run.count)).collect()
    }

    fn removed(events: &[(u64, MarketEvent)]) -> Vec<(u64, u64)> {
        let removed = heard(events).removed();
        removed.iter().map(|run| (run.first, run.count)).collect()
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
    fn what_one_leader_passes_over_was_removed() {
        let events = [
            traded(5),
            traded(6),
            traded(9),
            traded(10),
            gap(12, 12),
            traded(13),
        ];
        assert_eq!(removed(&events.map(|event| (1, event))), [(7, 3)]);
        let second = [(1, traded(5)), (2, traded(6)), (2, traded(8))];
        assert_eq!(removed(&second), [(7, 1)]);
    }

    #[test]
    fn what_was_told_before_the_opening_was_not_removed() {
        // 6 was late while 5 was held.
        let events = [traded(5), traded(7), traded(8)];
        assert_eq!(removed(&events.map(|event| (1, event))), []);
    }

    #[test]
    fn what_is_told_late_while_a_trade_is_held_is_told() {
        let events = [traded(5), traded(6), noted(8), traded(7), traded(9)];
        assert_eq!(told(&events.map(|event| (1, event))), []);
    }

    #[test]
    fn what_a_leader_held_when_it_was_replaced_was_not_removed() {
        let events = [
            (1, traded(5)),
            (1, traded(6)),
            (1, traded(7)),
            // It holds 8.
            (1, noted(9)),
            (2, traded(10)),
            (2, traded(11)),
        ];
        assert_eq!(told(&events), [(8, 1)]);
        assert_eq!(removed(&events), []);
    }

    #[test]
    fn a_leader_that_was_replaced_speaks_of_nothing() {
        assert_eq!(
            told(&[(1, traded(5)), (0, traded(6)), (2, traded(7))]),
            [(6, 1)]
        );
    }
}
