//! A position: the order for it, its fill, its end, and the arithmetic of profit, fees and
//! liquidation. All of it integer; each rounding is named where it lands.
//!
//! | state | fills | liquidation, stop, take, close | cancel | end of match | match canceled |
//! |---|---|---|---|---|---|
//! | PENDING | OPEN, or REJECTED | – | CANCELED | CANCELED | CANCELED |
//! | OPEN | – | LIQUIDATED, or CLOSED | – | CLOSED | CANCELED |
//! | CLOSED, LIQUIDATED, CANCELED, REJECTED | – | – | – | – | – |

use serde::{Deserialize, Serialize};

use crate::chips::Chips;
use crate::id::{BattleId, PositionId, UserId};
use crate::leverage::Leverage;
use crate::market::Tick;
use crate::order::{OrderKind, Side, Verb};
use crate::price::Price;
use crate::symbol::Symbol;
use crate::timestamp::Timestamp;

/// Where a position stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum PositionStatus {
    /// The order waits for its fill.
    Pending,
    /// Filled, and follows the price.
    Open,
    /// Closed at a tick.
    Closed,
    /// Closed by its liquidation price.
    Liquidated,
    /// Ended without a result.
    Canceled,
    /// Accepted, but could not be filled.
    Rejected,
}

/// A position in full: its row, and what its owner sees.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PositionState {
    /// Its id.
    pub id: PositionId,
    /// The battle.
    pub battle: BattleId,
    /// The owner.
    pub player: UserId,
    /// Its number among the orders accepted in the battle, from 1.
    pub number: u64,
    /// What is traded.
    pub symbol: Symbol,
    /// Which way.
    pub side: Side,
    /// How the order fills.
    pub kind: OrderKind<Price>,
    /// Chips at stake.
    pub margin: Chips,
    /// How many times the margin the position moves.
    pub leverage: Leverage,
    /// Margin × leverage.
    pub size: Chips,
    /// The fee taken at acceptance.
    pub open_fee: Chips,
    /// Whether a use of a leverage card is spent on it.
    pub card_spent: bool,
    /// Where it stops a loss.
    pub stop_loss: Option<Price>,
    /// Where it takes a profit.
    pub take_profit: Option<Price>,
    /// Where it stands.
    pub status: PositionStatus,
    /// From which trade time on the order counts.
    pub effective_time: Timestamp,
    /// A market order is rejected by a watermark at or after this.
    pub stale_at: Option<Timestamp>,
    /// How it was filled.
    pub fill: Option<Fill>,
    /// How it ended.
    pub end: Option<End>,
    /// Commands accepted but not yet applied, in the order of the log.
    pub noted: Vec<Noted>,
}

/// How an order was filled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fill {
    /// The tick that filled it; its price is the entry price.
    pub tick: Tick,
    /// That tick's place in the market stream.
    pub sequence: u64,
    /// Where the position is liquidated; none if that can never be.
    pub liquidation: Option<Price>,
}

/// How a position ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct End {
    /// Why.
    pub cause: EndCause,
    /// When, by the trade time of the tick or the time of the watermark that caused it.
    pub time: Timestamp,
    /// The place in the market stream of the entry that caused it.
    pub sequence: u64,
    /// The result of a position that was open; none for an order, or when the match is canceled.
    pub exit: Option<Exit>,
}

/// Why a position ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EndCause {
    /// The liquidation price was reached.
    Liquidation,
    /// The stop loss was reached.
    StopLoss,
    /// The take profit was reached.
    TakeProfit,
    /// Its owner closed it.
    Close,
    /// Its owner took the order back.
    Cancel,
    /// The match ended.
    MatchEnd,
    /// The match was canceled.
    MatchCanceled,
    /// No tick came in time to fill the market order.
    FeedStale,
    /// The fill would have been at or beyond its own liquidation price.
    LiquidationTooClose,
}

/// The result of a position that was open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Exit {
    /// The tick whose price it left at.
    pub tick: Tick,
    /// Profit, floored; at least −margin.
    pub profit: Chips,
    /// The close fee, rounded up.
    pub fee: Chips,
    /// What went back to cash: margin + profit − fee, at least 0.
    pub payout: Chips,
}

/// A command that was accepted and waits for its moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Noted {
    /// Its number in the battle's log.
    pub number: u64,
    /// From which time on it applies.
    pub effective_time: Timestamp,
    /// What it does.
    pub change: NotedChange,
}

/// What a noted command does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum NotedChange {
    /// Leaves the position at the first tick.
    Close,
    /// Takes the order back.
    Cancel,
    /// Sets levels.
    Amend {
        /// What becomes of the stop loss.
        stop_loss: NewLevel,
        /// What becomes of the take profit.
        take_profit: NewLevel,
    },
}

impl NotedChange {
    /// The verb of the command.
    pub const fn verb(self) -> Verb {
        match self {
            Self::Close => Verb::Close,
            Self::Cancel => Verb::Cancel,
            Self::Amend { .. } => Verb::Amend,
        }
    }
}

/// What a checked amendment does to one level.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NewLevel {
    /// The level stays.
    Keep,
    /// The level goes.
    Remove,
    /// The new level.
    Set(Price),
}

impl NewLevel {
    /// The level after the amendment.
    pub const fn applied_to(self, level: Option<Price>) -> Option<Price> {
        match self {
            Self::Keep => level,
            Self::Remove => None,
            Self::Set(price) => Some(price),
        }
    }
}
