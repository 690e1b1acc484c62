//! How the stand-in misbehaves on request.

use serde::{Deserialize, Serialize};

use crate::trade::{Frame, Trade};

/// One way to misbehave, as `POST /control/faults` takes it: `"drop"`, `{"gap":{"count":3}}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Fault {
    /// Sends a text that is no trade to every client now: cut-off JSON, unless another is given.
    Malformed {
        #[serde(default)]
        text: Option<String>,
    },
    /// Sends each of the next trades twice.
    Duplicate {
        #[serde(default = "one")]
        count: u32,
    },
    /// Makes the next trades without sending them: REST still has them.
    Gap {
        #[serde(default = "one")]
        count: u32,
    },
    /// Leaves out so many ids of every symbol for good: REST has nothing to fill them with.
    LostIds {
        #[serde(default = "one")]
        count: u32,
    },
    /// Holds back the next trade and sends it after the one that follows it.
    OutOfOrder,
    /// Dates the next trades this long before now.
    Late {
        ms: i64,
        #[serde(default = "one")]
        count: u32,
    },
    /// Cuts every connection without a closing handshake.
    Drop,
    /// Stops reading from clients, so that their pings stay unanswered.
    Deaf { on: bool },
    /// Stays connected and answers pings, but sends no trades.
    Silent { on: bool },
    /// Answers every REST request with 503.
    RestDown { on: bool },
    /// Refuses new connections with 503.
    Refuse { on: bool },
}

const fn one() -> u32 {
    1
}

/// What is asked of the next trades.
#[derive(Debug, Default)]
pub(crate) struct Pending {
    pub(crate) duplicates: u32,
    pub(crate) hidden: u32,
    pub(crate) swap: bool,
    pub(crate) late: u32,
    pub(crate) late_ms: i64,
    held: Option<Frame>,
}

impl Pending {
    /// The time of a trade made now.
    pub(crate) fn time_ms(&mut self, now_ms: i64) -> i64 {
        if self.late == 0 {
            return now_ms;
        }
        self.late -= 1;
        now_ms.saturating_sub(self.late_ms)
    }

    /// What goes out for a trade: as a rule its frame, once.
    pub(crate) fn distort(&mut self, trade: &Trade) -> serde_json::Result<Vec<Frame>> {
        let frame = Frame::of(trade)?;
        if self.hidden > 0 {
            self.hidden -= 1;
            return Ok(Vec::new());
        }
        if self.swap {
            self.swap = false;
            self.held = Some(frame);
            return Ok(Vec::new());
        }
        let mut frames = vec![frame.clone()];
        if self.duplicates > 0 {
            self.duplicates -= 1;
            frames.push(frame);
        }
        frames.extend(self.held.take());
        Ok(frames)
    }
}

/// The lasting moods, which every connection watches.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Mood {
    pub(crate) deaf: bool,
    pub(crate) silent: bool,
    pub(crate) rest_down: bool,
    pub(crate) refuse: bool,
    /// The source makes no trades; trades by hand still happen.
    pub(crate) paused: bool,
}
