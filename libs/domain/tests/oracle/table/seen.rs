//! Which states, events and outcomes of `domain` the tables have met. All are listed here: one that
//! `domain` gains does not compile before it is, and then fails until a table has it.

use std::collections::BTreeSet;

use domain::battle::{BattleStatus, LogBody};
use domain::engine::{CancelRefusal, Effects, Fact, PositionChange};
use domain::market::{MarketEvent, NoteReason};
use domain::order::{Answer, CommandBody, OrderKind, Origin, Outcome, Refusal, Side, Verb};
use domain::position::{EndCause, NotedChange, PositionState, PositionStatus};
use domain::price::Price;

/// The name of a type and of one of its variants.
type Name = (&'static str, &'static str);

/// A type whose variants the tables have to meet.
pub(super) trait Kind {
    fn name(&self) -> Name;
}

macro_rules! kinds {
    ($($enum:ty { $($variant:ident),+ })+) => {
        pub(super) const EVERYTHING: &[Name] =
            &[$($((stringify!($enum), stringify!($variant))),+),+];

        $(impl Kind for $enum {
            fn name(&self) -> Name {
                match self {
                    $(Self::$variant { .. } => (stringify!($enum), stringify!($variant))),+
                }
            }
        })+
    };
}

kinds! {
    Side { Buy, Sell }
    OrderKind<Price> { Market, Limit }
    PositionStatus { Pending, Open, Closed, Liquidated, Canceled, Rejected }
    NotedChange { Close, Cancel, Amend }
    BattleStatus { Open, Final, Canceled }

    MarketEvent { Tick, Watermark, Gap, Offset, Note }
    NoteReason { Late, Rejected }
    CommandBody { New, Close, Cancel, Amend }
    LogBody { Opened, Command, Finalise, Canceled }

    Outcome { Accepted, Refused }
    Origin { Decided, Kept, Passing }
    Refusal {
        MatchNotFound, NotAParticipant, IdempotencyConflict, MatchNotOpen, RateLimited,
        AssetNotFound, FeedStale, LeverageNotAllowed, LeverageItemRequired, InvalidMargin,
        InvalidLimitPrice, InvalidStopLoss, InvalidTakeProfit, MaxPositions, InsufficientVBalance,
        PositionNotFound, PositionNotPending, PositionNotOpen, PositionClosed, AlreadyClosing
    }
    CancelRefusal { NotFound, Final }
    Fact { BattleOpened, Position, BattleFinal, BattleCanceled }
    PositionChange { Accepted, Filled, Closed, Liquidated, Canceled, Rejected, Amended, Lapsed }
    EndCause {
        Liquidation, StopLoss, TakeProfit, Close, Cancel, MatchEnd, MatchCanceled, FeedStale,
        LiquidationTooClose
    }
    Verb { New, Close, Cancel, Amend }
}

/// What was met.
#[derive(Clone, Debug, Default)]
pub(super) struct Seen(BTreeSet<Name>);

impl Seen {
    pub(super) fn saw(&mut self, one: &impl Kind) {
        self.0.insert(one.name());
    }

    pub(super) fn add(&mut self, other: &Self) {
        self.0.extend(&other.0);
    }

    pub(super) fn answer(&mut self, body: &CommandBody, answer: Answer) {
        self.saw(body);
        self.saw(&body.verb());
        self.saw(&answer.origin);
        self.saw(&answer.outcome);
        if let Outcome::Refused(refusal) = answer.outcome {
            self.saw(&refusal);
        }
    }

    pub(super) fn effects(&mut self, effects: &Effects) {
        for fact in &effects.facts {
            self.saw(fact);
            if let Fact::Position { change, .. } = fact {
                self.saw(change);
            }
        }
        for (_, entry) in &effects.log {
            self.saw(&entry.body);
        }
    }

    pub(super) fn position(&mut self, position: &PositionState) {
        self.saw(&position.side);
        self.saw(&position.kind);
        self.saw(&position.status);
        for noted in &position.noted {
            self.saw(&noted.change);
        }
        if let Some(end) = &position.end {
            self.saw(&end.cause);
        }
    }

    /// Those of `all` that were not met.
    pub(super) fn missing(&self, all: &[Name]) -> Vec<String> {
        let missing = all.iter().filter(|name| !self.0.contains(*name));
        missing.map(|(of, name)| format!("{of}::{name}")).collect()
    }
}
