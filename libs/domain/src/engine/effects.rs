//! What the engine did: facts to announce, log entries to append, and which rows are new.

use serde::{Deserialize, Serialize};

use crate::battle::{LogEntry, OutcomeState, PositionKey};
use crate::chips::Chips;
use crate::id::{BattleId, PositionId, UserId};
use crate::order::Verb;
use crate::position::{EndCause, Exit, Fill};
use crate::price::Price;
use crate::ranking::BattleResult;

/// Everything that the engine did since the shell last took it. The shell hands the same value
/// to call after call and writes it once per group commit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Effects {
    /// What happened, in order.
    pub facts: Vec<Fact>,
    /// Entries of the battles' logs, in order.
    pub log: Vec<(BattleId, LogEntry)>,
    /// Outcomes to keep, in order.
    pub outcomes: Vec<OutcomeState>,
    /// Which rows are no longer as they were.
    pub touched: Touched,
}

/// The rows that changed, in the order of the changes; one may come more than once. The engine
/// gives the latest of each.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Touched {
    /// Battles, for [`Engine::battle`](super::Engine::battle).
    pub battles: Vec<BattleId>,
    /// Players, for [`Engine::participant`](super::Engine::participant).
    pub participants: Vec<(BattleId, UserId)>,
    /// Positions, for [`Engine::position`](super::Engine::position).
    pub positions: Vec<PositionKey>,
}

impl Effects {
    /// Makes room for what becomes of so many positions.
    pub(super) fn reserve(&mut self, positions: usize) {
        self.facts.reserve(positions);
        self.touched.participants.reserve(positions);
        self.touched.positions.reserve(positions);
    }

    /// Whether there is nothing to write.
    pub fn is_empty(&self) -> bool {
        self.facts.is_empty()
            && self.log.is_empty()
            && self.outcomes.is_empty()
            && self.touched.battles.is_empty()
            && self.touched.participants.is_empty()
            && self.touched.positions.is_empty()
    }
}

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Fact {
    /// The battle follows the market from now on.
    BattleOpened {
        /// Which.
        battle: BattleId,
    },
    /// Something happened to a position.
    Position {
        /// Its battle.
        battle: BattleId,
        /// Its owner.
        player: UserId,
        /// Which.
        position: PositionId,
        /// What.
        change: PositionChange,
    },
    /// The battle has its result.
    BattleFinal {
        /// The result.
        result: BattleResult,
    },
    /// The battle was called off.
    BattleCanceled {
        /// Which.
        battle: BattleId,
    },
}

/// What happened to a position.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum PositionChange {
    /// The order was taken; margin and fee left cash.
    Accepted,
    /// The order was filled.
    Filled(Fill),
    /// It was closed by its stop, its target, its owner or the end of the match.
    Closed {
        /// By what.
        cause: EndCause,
        /// With what result.
        exit: Exit,
    },
    /// It reached its liquidation price.
    Liquidated {
        /// With what result.
        exit: Exit,
    },
    /// It ended without a result.
    Canceled {
        /// By what.
        cause: EndCause,
        /// What went back to cash.
        returned: Chips,
    },
    /// The order could not be filled.
    Rejected {
        /// Why.
        cause: EndCause,
        /// What went back to cash.
        returned: Chips,
    },
    /// Its levels are now these.
    Amended {
        /// The stop loss.
        stop_loss: Option<Price>,
        /// The take profit.
        take_profit: Option<Price>,
    },
    /// A command that had been accepted no longer applied.
    Lapsed {
        /// The command's number in the battle's log.
        number: u64,
        /// Which kind of command.
        verb: Verb,
    },
}
