//! The fleet's members.

use std::fmt;

use serde::{Deserialize, Serialize};

/// One binary of the fleet; also the Postgres role it connects as and the owner of its rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Service {
    /// The gateway.
    Web,
    /// Prices in.
    Market,
    /// Trading.
    Arena,
    /// Queues, battles and settlement.
    Matcher,
    /// What players earn.
    Achievement,
    /// Who hears about it.
    Notifications,
    /// Money in and out.
    Treasury,
}

impl Service {
    /// Every service.
    pub const ALL: [Self; 7] = [
        Self::Web,
        Self::Market,
        Self::Arena,
        Self::Matcher,
        Self::Achievement,
        Self::Notifications,
        Self::Treasury,
    ];

    /// The name of its binary.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Web => "web",
            Self::Market => "market",
            Self::Arena => "arena",
            Self::Matcher => "matcher",
            Self::Achievement => "achievement",
            Self::Notifications => "notifications",
            Self::Treasury => "treasury",
        }
    }

    /// The Postgres role that it connects as.
    pub fn role(self) -> String {
        format!("battlesbit_{}", self.name())
    }
}

impl fmt::Display for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
