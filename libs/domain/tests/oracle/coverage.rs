//! Which cases a run has met, and which it has to meet: a generator that never comes upon a case
//! proves nothing about it.

use std::collections::BTreeMap;

use domain::engine::{Fact, PositionChange};
use domain::order::{Answer, CommandBody, Origin, Outcome};

/// How often each case was met.
#[derive(Clone, Debug, Default)]
pub(crate) struct Coverage {
    counts: BTreeMap<&'static str, u64>,
    /// By what a fact, an answer or an end is called.
    named: BTreeMap<String, u64>,
}

/// Cases that the naive engine and the driver call by these names.
const CASES: &[&str] = &[
    "a tie's prize does not divide",
    "amendment lapses",
    "asset without a final price",
    "battle forgotten",
    "cancel applies",
    "cancel lapses",
    "cancel of a market order",
    "card comes back",
    "card of a canceled order is gone",
    "card spent",
    "cash saturates",
    "change applies at an equal watermark",
    "close lapses",
    "close waits for its effective time",
    "copied tick",
    "command after the end",
    "engine restored",
    "battle adopted",
    "entry applied before",
    "entry of an older epoch",
    "everything at stake",
    "fee takes what is left",
    "filled at its effective time",
    "filled beyond its own level",
    "finalised",
    "first without a fill",
    "gap",
    "gap through a stop",
    "gap through a take",
    "gap through the liquidation",
    "leverage too coarse for the price",
    "liquidation at its price",
    "liquidation before close",
    "liquidation before stop",
    "liquidation before take",
    "loss stops at the margin",
    "match canceled",
    "no liquidation price",
    "note",
    "opened again",
    "opened behind a tick inside the match",
    "order before any tick inside the match",
    "order for an asset that is final",
    "order on a market that never spoke",
    "order stamped before the watermark",
    "order under the id of another",
    "order waits for its effective time",
    "pending order amended",
    "players tie",
    "position of somebody else",
    "profit saturates",
    "rate in a second",
    "rate of exits in the battle",
    "rate of orders in the battle",
    "rate outside the match",
    "repeat answered",
    "repeat answered after the end",
    "several changes apply at one entry",
    "several positions at one tick",
    "somebody wins",
    "stamp as far past the watermark as may be",
    "stamp at the end",
    "stamp at the start",
    "stamp just before the end",
    "stamp just before the start",
    "stamp just too far past the watermark",
    "stamp raised to the last",
    "stamp rounded up",
    "stop at its price",
    "stop before close",
    "stop before take",
    "take at its price",
    "take before close",
    "tick at or before its watermark",
    "tick at the end",
    "tick at the limit",
    "tick at the start",
    "tick before the start",
    "tick older than the last",
    "two commands with one stamp",
    "two ticks at one time",
    "watermark at the deadline",
    "watermark just before the deadline",
    "watermark older than the last",
];

/// Answers, facts and ends, as [`Coverage::answer`] and [`Coverage::fact`] name them.
const NAMED: &[&str] = &[
    "new: MATCH_NOT_FOUND",
    "new: NOT_A_PARTICIPANT",
    "new: IDEMPOTENCY_CONFLICT",
    "new: MATCH_NOT_OPEN",
    "new: RATE_LIMITED",
    "new: ASSET_NOT_FOUND",
    "new: FEED_STALE",
    "new: LEVERAGE_NOT_ALLOWED",
    "new: LEVERAGE_ITEM_REQUIRED",
    "new: INVALID_MARGIN",
    "new: INVALID_LIMIT_PRICE",
    "new: INVALID_STOP_LOSS",
    "new: INVALID_TAKE_PROFIT",
    "new: MAX_POSITIONS",
    "new: INSUFFICIENT_V_BALANCE",
    "new: accepted",
    "close: MATCH_NOT_OPEN",
    "close: RATE_LIMITED",
    "close: POSITION_NOT_FOUND",
    "close: POSITION_NOT_OPEN",
    "close: ALREADY_CLOSING",
    "close: accepted",
    "cancel: MATCH_NOT_OPEN",
    "cancel: RATE_LIMITED",
    "cancel: POSITION_NOT_FOUND",
    "cancel: POSITION_NOT_PENDING",
    "cancel: ALREADY_CLOSING",
    "cancel: accepted",
    "amend: MATCH_NOT_OPEN",
    "amend: RATE_LIMITED",
    "amend: POSITION_NOT_FOUND",
    "amend: POSITION_CLOSED",
    "amend: INVALID_STOP_LOSS",
    "amend: INVALID_TAKE_PROFIT",
    "amend: accepted",
    "Accepted",
    "Filled",
    "Amended",
    "Liquidated",
    "Closed StopLoss",
    "Closed TakeProfit",
    "Closed Close",
    "Closed MatchEnd",
    "Canceled Cancel",
    "Canceled MatchEnd",
    "Canceled MatchCanceled",
    "Rejected FeedStale",
    "Rejected LiquidationTooClose",
    "Lapsed Close",
    "Lapsed Cancel",
    "Lapsed Amend",
    "BattleOpened",
    "BattleFinal",
    "BattleCanceled",
];

impl Coverage {
    pub(crate) fn saw(&mut self, case: &'static str) {
        *self.counts.entry(case).or_default() += 1;
    }

    fn named(&mut self, name: String) {
        *self.named.entry(name).or_default() += 1;
    }

    pub(crate) fn answer(&mut self, body: &CommandBody, answer: &Answer) {
        let verb = match body {
            CommandBody::New(_) => "new",
            CommandBody::Close { .. } => "close",
            CommandBody::Cancel { .. } => "cancel",
            CommandBody::Amend { .. } => "amend",
        };
        match (answer.origin, answer.outcome) {
            (Origin::Kept, _) => {}
            (_, Outcome::Accepted { .. }) => self.named(format!("{verb}: accepted")),
            (_, Outcome::Refused(refusal)) => self.named(format!("{verb}: {}", refusal.code())),
        }
    }

    pub(crate) fn fact(&mut self, fact: &Fact) {
        let name = match fact {
            Fact::BattleOpened { .. } => "BattleOpened".to_owned(),
            Fact::BattleFinal { .. } => "BattleFinal".to_owned(),
            Fact::BattleCanceled { .. } => "BattleCanceled".to_owned(),
            Fact::Position { change, .. } => match change {
                PositionChange::Accepted => "Accepted".to_owned(),
                PositionChange::Filled(_) => "Filled".to_owned(),
                PositionChange::Closed { cause, .. } => format!("Closed {cause:?}"),
                PositionChange::Liquidated { .. } => "Liquidated".to_owned(),
                PositionChange::Canceled { cause, .. } => format!("Canceled {cause:?}"),
                PositionChange::Rejected { cause, .. } => format!("Rejected {cause:?}"),
                PositionChange::Amended { .. } => "Amended".to_owned(),
                PositionChange::Lapsed { verb, .. } => format!("Lapsed {verb:?}"),
            },
        };
        self.named(name);
    }

    pub(crate) fn count(&self, name: &str) -> u64 {
        let case = self.counts.get(name).or_else(|| self.named.get(name));
        case.copied().unwrap_or(0)
    }

    /// How often anything was met whose name begins so.
    pub(crate) fn starting_with(&self, prefix: &str) -> u64 {
        let named = self.named.iter();
        named
            .filter(|(name, _)| name.starts_with(prefix))
            .map(|(_, count)| count)
            .sum()
    }

    pub(crate) fn add(&mut self, other: &Self) {
        for (case, count) in &other.counts {
            *self.counts.entry(case).or_default() += count;
        }
        for (name, count) in &other.named {
            *self.named.entry(name.clone()).or_default() += count;
        }
    }

    /// The cases that were not met.
    pub(crate) fn missing(&self) -> Vec<&'static str> {
        let all = CASES.iter().chain(NAMED).copied();
        all.filter(|case| self.count(case) == 0).collect()
    }

    /// What was met, rarest first.
    pub(crate) fn rarest(&self) -> Vec<(String, u64)> {
        let cases = self
            .counts
            .iter()
            .map(|(case, count)| ((*case).to_owned(), *count));
        let named = self
            .named
            .iter()
            .map(|(name, count)| (name.clone(), *count));
        let mut all: Vec<_> = cases.chain(named).collect();
        all.sort_by_key(|(_, count)| *count);
        all
    }
}
