//! What the exchange said, as market puts it into one stream.
//!
//! Every entry carries the epoch of the leader that wrote it; readers ignore an epoch below one
//! already seen.

use domain::price::Price;
use domain::symbol::Symbol;
use domain::timestamp::Timestamp;
use serde::{Deserialize, Serialize};

use crate::topic::{Key, Message, Topic};

/// One exchange trade that counts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tick {
    /// The leader's epoch.
    pub epoch: u64,
    /// The market.
    pub symbol: Symbol,
    /// The exchange's id of the trade, rising within a symbol.
    pub trade_id: u64,
    /// The price.
    pub price: Price,
    /// When the exchange made the trade.
    pub time: Timestamp,
}

/// No tick of the symbol with a trade time at or below `time` follows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Watermark {
    /// The leader's epoch.
    pub epoch: u64,
    /// The market.
    pub symbol: Symbol,
    /// The promise.
    pub time: Timestamp,
}

/// Trades that could not be had in time. They did not happen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gap {
    /// The leader's epoch.
    pub epoch: u64,
    /// The market.
    pub symbol: Symbol,
    /// The first missing trade id.
    pub first: u64,
    /// The last missing trade id.
    pub last: u64,
}

/// Why a trade does not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NoteKind {
    /// Its time lies at or below a watermark, or before the last trade.
    Late,
    /// Too far from the last price, and nothing confirmed it.
    Rejected,
}

/// A trade that was received and does not count. The engine ignores it; auditors do not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Note {
    /// The leader's epoch.
    pub epoch: u64,
    /// The market.
    pub symbol: Symbol,
    /// Why.
    pub kind: NoteKind,
    /// The exchange's id of the trade.
    pub trade_id: u64,
    /// Its price.
    pub price: Price,
    /// Its time.
    pub time: Timestamp,
}

/// How far the exchange's clock is ahead of the clock that stamps the streams.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Offset {
    /// The leader's epoch.
    pub epoch: u64,
    /// Exchange time minus ours, in nanoseconds.
    pub offset_ns: i64,
}

impl Message for Tick {
    const TOPIC: Topic = Topic::Tick;

    fn key(&self) -> Key {
        Key::from(&self.symbol)
    }
}

impl Message for Watermark {
    const TOPIC: Topic = Topic::Watermark;

    fn key(&self) -> Key {
        Key::from(&self.symbol)
    }
}

impl Message for Gap {
    const TOPIC: Topic = Topic::Gap;

    fn key(&self) -> Key {
        Key::from(&self.symbol)
    }
}

impl Message for Note {
    const TOPIC: Topic = Topic::Note;

    fn key(&self) -> Key {
        Key::from(&self.symbol)
    }
}

impl Message for Offset {
    const TOPIC: Topic = Topic::Offset;

    fn key(&self) -> Key {
        Key::none()
    }
}
