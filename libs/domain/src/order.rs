//! What a player asks of a battle: commands as they were entered, their outcomes, and every
//! reason to refuse one.

use serde::{Deserialize, Serialize};

use crate::chips::Chips;
use crate::id::{BattleId, PositionId, RequestId, UserId};
use crate::leverage::Leverage;
use crate::position::NewLevel;
use crate::price::Price;
use crate::symbol::Symbol;

/// Which way a position bets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Side {
    /// Gains when the price rises.
    Buy,
    /// Gains when the price falls.
    Sell,
}

/// How an order fills, with a limit of type `P`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrderKind<P> {
    /// On the first tick, whatever its price.
    Market,
    /// On the first tick at this price or a better one.
    Limit(P),
}

/// A field as the client entered it. A malformed one travels on, so that the engine refuses it
/// in its turn with the code of its field.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Entered<T> {
    /// Not given.
    #[default]
    Absent,
    /// Given, but not a value of the field: too many decimals, out of range, unknown.
    Malformed,
    /// Given and well formed.
    Value(T),
}

impl<T> Entered<T> {
    /// The value, if the field was given and well formed.
    pub fn value(self) -> Option<T> {
        match self {
            Self::Value(value) => Some(value),
            Self::Absent | Self::Malformed => None,
        }
    }

    /// The field by reference.
    pub const fn as_ref(&self) -> Entered<&T> {
        match self {
            Self::Absent => Entered::Absent,
            Self::Malformed => Entered::Malformed,
            Self::Value(value) => Entered::Value(value),
        }
    }
}

impl Entered<Price> {
    /// An optional level: absent, or given and allowed.
    pub fn level(
        self,
        refusal: Refusal,
        allowed: impl Fn(Price) -> bool,
    ) -> Result<Option<Price>, Refusal> {
        match self {
            Self::Absent => Ok(None),
            Self::Value(level) if allowed(level) => Ok(Some(level)),
            Self::Value(_) | Self::Malformed => Err(refusal),
        }
    }
}

impl<T, E> From<Result<T, E>> for Entered<T> {
    fn from(parsed: Result<T, E>) -> Self {
        parsed.map_or(Self::Malformed, Self::Value)
    }
}

/// What an amendment does to one level.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LevelChange {
    /// Omitted: the level stays.
    #[default]
    Keep,
    /// Null: the level goes.
    Remove,
    /// Given, but not a price.
    Malformed,
    /// The new level.
    Set(Price),
}

impl LevelChange {
    /// The change, if the level that it sets is allowed.
    pub fn checked(
        self,
        refusal: Refusal,
        allowed: impl Fn(Price) -> bool,
    ) -> Result<NewLevel, Refusal> {
        match self {
            Self::Keep => Ok(NewLevel::Keep),
            Self::Remove => Ok(NewLevel::Remove),
            Self::Set(level) if allowed(level) => Ok(NewLevel::Set(level)),
            Self::Set(_) | Self::Malformed => Err(refusal),
        }
    }
}

/// The SHA-256 of a command's body as the client sent it, its verb included. Two commands under
/// one request id are the same only if their hashes are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct BodyHash(pub [u8; 32]);

impl Serialize for BodyHash {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&hex::encode(self.0))
    }
}

impl<'de> Deserialize<'de> for BodyHash {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let mut bytes = [0; 32];
        hex::decode_to_slice(&text, &mut bytes).map_err(serde::de::Error::custom)?;
        Ok(Self(bytes))
    }
}

/// One request of a player to a battle, stored once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Command {
    /// The battle that it is meant for.
    pub battle: BattleId,
    /// Who asks.
    pub player: UserId,
    /// The client's id of the operation; a retry carries the same.
    pub request: RequestId,
    /// Tells a retry from another operation under the same id.
    pub body_hash: BodyHash,
    /// When the command was stored in its stream, in nanoseconds since 1970 on our own clock.
    pub stored_at_ns: i64,
    /// What is asked.
    pub body: CommandBody,
}

/// What a command asks for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum CommandBody {
    /// Open a position.
    New(NewOrder),
    /// Close an open position at the first tick.
    Close {
        /// Which one.
        position: PositionId,
    },
    /// Take a pending limit order back.
    Cancel {
        /// Which one.
        position: PositionId,
    },
    /// Change the levels of a position that has not ended.
    Amend {
        /// Which one.
        position: PositionId,
        /// What becomes of its stop loss.
        stop_loss: LevelChange,
        /// What becomes of its take profit.
        take_profit: LevelChange,
    },
}

impl CommandBody {
    /// The verb of the command.
    pub const fn verb(&self) -> Verb {
        match self {
            Self::New(_) => Verb::New,
            Self::Close { .. } => Verb::Close,
            Self::Cancel { .. } => Verb::Cancel,
            Self::Amend { .. } => Verb::Amend,
        }
    }

    /// The position that the command creates or speaks of.
    pub const fn position(&self) -> PositionId {
        match self {
            Self::New(order) => order.position,
            Self::Close { position } | Self::Cancel { position } | Self::Amend { position, .. } => {
                *position
            }
        }
    }
}

/// What a command does to a position.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verb {
    /// Opens it.
    New,
    /// Closes it.
    Close,
    /// Takes its order back.
    Cancel,
    /// Changes its levels.
    Amend,
}

/// An order as the client entered it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewOrder {
    /// The position's id, derived from battle, player and request id.
    pub position: PositionId,
    /// What to trade.
    pub symbol: Entered<Symbol>,
    /// Which way.
    pub side: Side,
    /// How to fill it.
    pub kind: OrderKind<Entered<Price>>,
    /// How many chips to stake.
    pub margin: Entered<Chips>,
    /// How many times the margin the position moves.
    pub leverage: Entered<Leverage>,
    /// Where to stop a loss.
    pub stop_loss: Entered<Price>,
    /// Where to take a profit.
    pub take_profit: Entered<Price>,
}

/// What became of a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Taken: it will apply if the position still allows it.
    Accepted {
        /// The position that it creates or speaks of.
        position: PositionId,
    },
    /// Refused; nothing changed.
    Refused(Refusal),
}

/// The engine's answer to a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Answer {
    /// What became of the command.
    pub outcome: Outcome,
    /// Where that answer comes from.
    pub origin: Origin,
}

/// Where an answer comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Decided now; logged, and kept under the request id.
    Decided,
    /// Kept from the first time that this request id came.
    Kept,
    /// Neither kept nor logged: the request id may be tried again.
    Passing,
}

/// Why a command is refused.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    thiserror::Error,
)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Refusal {
    /// No such battle is open here.
    #[error("there is no such match")]
    MatchNotFound,
    /// The player holds no seat in it.
    #[error("you do not play in this match")]
    NotAParticipant,
    /// The request id was used for something else.
    #[error("this request id was used for another operation")]
    IdempotencyConflict,
    /// Stamped outside the match's time, or the match has ended.
    #[error("the match does not take orders now")]
    MatchNotOpen,
    /// Too many commands.
    #[error("too many commands; wait a second")]
    RateLimited,
    /// Not an asset of this match.
    #[error("this match does not trade that asset")]
    AssetNotFound,
    /// The market of the asset is silent.
    #[error("the asset has no fresh price")]
    FeedStale,
    /// Above the match's limit, or too coarse for the price.
    #[error("this leverage is not allowed here")]
    LeverageNotAllowed,
    /// No use of a leverage card is left.
    #[error("this leverage needs a leverage card")]
    LeverageItemRequired,
    /// Too small, too precise or too large with its leverage.
    #[error("expected a margin of at least 0.01 chips with at most 8 decimals")]
    InvalidMargin,
    /// Missing, malformed or out of range.
    #[error("expected a limit price in range")]
    InvalidLimitPrice,
    /// On the wrong side, or out of range.
    #[error("expected a stop loss between the liquidation price and the reference price")]
    InvalidStopLoss,
    /// On the wrong side, or out of range.
    #[error("expected a take profit on the winning side of the reference price")]
    InvalidTakeProfit,
    /// The player holds as many positions as the match allows.
    #[error("no further position is allowed in this match")]
    MaxPositions,
    /// Not enough free chips for margin and fee.
    #[error("not enough chips")]
    InsufficientVBalance,
    /// The player has no such position.
    #[error("there is no such position")]
    PositionNotFound,
    /// Not a pending limit order.
    #[error("only a pending limit order can be canceled")]
    PositionNotPending,
    /// Not an open position.
    #[error("only an open position can be closed")]
    PositionNotOpen,
    /// The position has ended.
    #[error("the position has ended")]
    PositionClosed,
    /// A close or cancel of it is already on its way.
    #[error("the position is already closing")]
    AlreadyClosing,
}

impl Refusal {
    /// The stable code that clients see.
    pub const fn code(self) -> &'static str {
        match self {
            Self::MatchNotFound => "MATCH_NOT_FOUND",
            Self::NotAParticipant => "NOT_A_PARTICIPANT",
            Self::IdempotencyConflict => "IDEMPOTENCY_CONFLICT",
            Self::MatchNotOpen => "MATCH_NOT_OPEN",
            Self::RateLimited => "RATE_LIMITED",
            Self::AssetNotFound => "ASSET_NOT_FOUND",
            Self::FeedStale => "FEED_STALE",
            Self::LeverageNotAllowed => "LEVERAGE_NOT_ALLOWED",
            Self::LeverageItemRequired => "LEVERAGE_ITEM_REQUIRED",
            Self::InvalidMargin => "INVALID_MARGIN",
            Self::InvalidLimitPrice => "INVALID_LIMIT_PRICE",
            Self::InvalidStopLoss => "INVALID_STOP_LOSS",
            Self::InvalidTakeProfit => "INVALID_TAKE_PROFIT",
            Self::MaxPositions => "MAX_POSITIONS",
            Self::InsufficientVBalance => "INSUFFICIENT_V_BALANCE",
            Self::PositionNotFound => "POSITION_NOT_FOUND",
            Self::PositionNotPending => "POSITION_NOT_PENDING",
            Self::PositionNotOpen => "POSITION_NOT_OPEN",
            Self::PositionClosed => "POSITION_CLOSED",
            Self::AlreadyClosing => "ALREADY_CLOSING",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_written_as_its_code() {
        for refusal in [
            Refusal::InsufficientVBalance,
            Refusal::MatchNotOpen,
            Refusal::FeedStale,
        ] {
            assert_eq!(
                serde_json::to_string(&refusal).unwrap(),
                format!("\"{}\"", refusal.code())
            );
        }
    }
}
