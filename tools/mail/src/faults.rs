//! How the sink misbehaves on request.

use serde::{Deserialize, Serialize};

/// How many of the next messages go wrong, and how. The hanging ones come first, then the refused,
/// then those that fail for the moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Faults {
    /// No answer to the end of the message; the connection stays open.
    pub hang: u32,
    /// Answered 554: for good.
    pub refuse: u32,
    /// Answered 451: try again later.
    pub temporary: u32,
}

/// What happens to one message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    Kept,
    Hangs,
    Refused,
    FailsForTheMoment,
}

impl Faults {
    /// Decides the next message's fate and counts it.
    pub(crate) fn next(&mut self) -> Fate {
        let waiting = [
            (&mut self.hang, Fate::Hangs),
            (&mut self.refuse, Fate::Refused),
            (&mut self.temporary, Fate::FailsForTheMoment),
        ];
        for (left, fate) in waiting {
            if *left > 0 {
                *left -= 1;
                return fate;
            }
        }
        Fate::Kept
    }
}
