//! What the market stream says: ticks, watermarks, gaps and the clock offset, each under its
//! leader's epoch. Order in the stream is the order of the market.

use serde::{Deserialize, Serialize};

use crate::price::Price;
use crate::symbol::Symbol;
use crate::timestamp::Timestamp;

/// The term of one leader of the market service. A later leader has a higher one; readers ignore
/// an entry whose epoch is below one that they have already seen.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Epoch(pub u64);

/// Which life of the market stream a sequence belongs to: the moment of the stream's creation in
/// nanoseconds since 1970. Sequences of different incarnations cannot be compared.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Incarnation(pub i64);

/// One trade of the exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tick {
    /// The exchange's number of the trade. It rises from tick to tick of a symbol; a tick whose
    /// number does not is a copy, and does not count.
    pub trade: u64,
    /// At what price.
    pub price: Price,
    /// When, by the exchange's clock.
    pub time: Timestamp,
}

/// One entry of the market stream.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MarketEntry {
    /// The term of the leader that wrote it.
    pub epoch: Epoch,
    /// What it says.
    pub event: MarketEvent,
}

/// What an entry of the market stream says.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum MarketEvent {
    /// A trade.
    Tick {
        /// What was traded.
        symbol: Symbol,
        /// The trade.
        tick: Tick,
    },
    /// No tick of `symbol` with a trade time at or before `time` follows.
    Watermark {
        /// The market that it speaks of.
        symbol: Symbol,
        /// The last moment that is complete.
        time: Timestamp,
    },
    /// Trades that could not be fetched in time. They did not happen.
    Gap {
        /// The market that it speaks of.
        symbol: Symbol,
        /// The first missing trade.
        first: u64,
        /// The last missing trade.
        last: u64,
    },
    /// How far the exchange's clock is ahead of ours.
    Offset {
        /// Nanoseconds to add to our time to get the exchange's.
        ahead_ns: i64,
    },
    /// A trade that does not count. The engine ignores it.
    Note {
        /// The market that it speaks of.
        symbol: Symbol,
        /// The trade.
        tick: Tick,
        /// Why it does not count.
        reason: NoteReason,
    },
}

impl MarketEvent {
    /// The market that the event speaks of; none for the clock.
    pub const fn symbol(&self) -> Option<&Symbol> {
        match self {
            Self::Tick { symbol, .. }
            | Self::Watermark { symbol, .. }
            | Self::Gap { symbol, .. }
            | Self::Note { symbol, .. } => Some(symbol),
            Self::Offset { .. } => None,
        }
    }
}

/// Why a trade does not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NoteReason {
    /// Its time lies at or before a watermark, or before the last tick.
    Late,
    /// It lay outside the band and a later trade did not confirm it.
    Rejected,
}
