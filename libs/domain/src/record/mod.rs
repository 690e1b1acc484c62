//! The audit record of a battle: canonical lines that hold all that determined its result, and
//! their verification, which needs nothing but the record. `docs/record.md` is the format's page.
//!
//! A line is compact JSON, a space, a check and a line feed:
//!
//! ```text
//! {"header":{"rules":"battlesbit-1","terms":{…}}} 61c2bb1a90f8c0de
//! {"log":{"place":{…,"number":1},"body":{"opened":{"market":{…}}}}} 0b8e…
//! {"market":{"sequence":42,"entry":{…}}} …
//! {"result":{…}} …
//! {"seal":{"lines":1729}} <64 digits>
//! ```
//!
//! The check is the SHA-256 of every byte in front of it, from the first of the record: its first
//! 16 hexadecimal digits, and all 64 on the last line. Numbers are integers, fields stand in the
//! order in which the types declare them, so that equal contents are equal bytes.
//!
//! Of the market a record holds what is about the battle's assets or the clock, and whatever
//! began a new epoch, from behind the opening's place to the entry that ended the battle.

#[cfg(test)]
mod golden;
mod steps;
mod tally;
#[cfg(test)]
mod tests;
mod verify;
mod writer;

use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

pub use steps::PositionStep;
pub use tally::{MissingTrades, Tally};
pub use verify::{Difference, Finding, Report, verify};
pub use writer::Writer;

use crate::battle::{BattleTerms, LogEntry};
use crate::game::Template;
use crate::market::{Epoch, MarketEntry, MarketEvent};
use crate::ranking::BattleResult;

/// The rules that this crate implements, by name. A record names the rules that it was made
/// under; no others are applied to it.
pub const RULES: &str = "battlesbit-1";
/// The longest line of a record, in bytes, its line feed included.
pub const MAX_LINE_LEN: usize = 1 << 20;
/// The longest record, in bytes. No battle comes near: its market entries stood in the market's
/// stream, which is bounded (`contracts` holds the two together), and its commands are counted.
pub const MAX_RECORD_LEN: u64 = 32 << 30;
/// How many digits of the running hash a line carries.
const CHECK_LEN: usize = 16;

/// The SHA-256 of a whole record, as `sha256sum` prints it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RecordHash(pub [u8; 32]);

impl fmt::Display for RecordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

/// What a line says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum Line {
    Header(Box<Header>),
    Market { sequence: u64, entry: MarketEntry },
    Log(LogEntry),
    Result(Option<BattleResult>),
    Seal { lines: u64 },
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    rules: String,
    terms: BattleTerms,
}

/// The canonical text of a line's contents.
fn canonical(line: &Line) -> String {
    // Plain data without maps: its serialisation cannot fail.
    serde_json::to_string(line).unwrap_or_default()
}

/// The hash of everything that stands in front.
#[derive(Clone, Debug, Default)]
struct Running(Sha256);

impl Running {
    fn add(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    fn digest(&self) -> [u8; 32] {
        self.0.clone().finalize().into()
    }

    /// The check of the line whose contents and space were just added.
    fn check(&self, line: &Line) -> String {
        let mut digits = hex::encode(self.digest());
        if !matches!(line, Line::Seal { .. }) {
            digits.truncate(CHECK_LEN);
        }
        digits
    }
}

/// Whether a record holds a market entry, when the highest epoch so far was `epoch`.
fn belongs(template: &Template, epoch: Epoch, entry: &MarketEntry) -> bool {
    let concerns = match &entry.event {
        MarketEvent::Offset { .. } => true,
        MarketEvent::Tick { symbol, .. }
        | MarketEvent::Watermark { symbol, .. }
        | MarketEvent::Gap { symbol, .. }
        | MarketEvent::Note { symbol, .. } => template.asset(symbol).is_some(),
    };
    concerns || entry.epoch > epoch
}
