//! What an operator can set; `config.default.toml` says what each key means.

use runtime::Millis;
use serde::Deserialize;

/// The matcher's own sections.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// `[postgres]`
    pub postgres: store::Settings<runtime::Secret>,
    /// `[nats]`
    pub nats: bus::NatsSettings,
    /// `[leader]`
    pub leader: Leader,
    /// `[rewards]`
    pub rewards: Rewards,
}

/// `[leader]`
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Leader {
    /// How long the lease lasts.
    pub lease_ms: Millis<500, 4_500>,
    /// How often the leader looks at what is due.
    pub poll_ms: Millis<10, 250>,
    /// How often it looks for sealed results that nobody told it of.
    pub settle_poll_ms: Millis<10, 60_000>,
}

/// `[rewards]`
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rewards {
    /// How long a winner's items can be used after the end of the match.
    pub item_ttl_days: Days,
}

/// Whole days, from 1 to 10 years of them.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(try_from = "u16")]
pub struct Days(u16);

impl Days {
    const MAX: u16 = 3_650;

    /// The span in milliseconds.
    pub const fn ms(self) -> i64 {
        self.0 as i64 * 24 * 60 * 60 * 1_000
    }
}

impl TryFrom<u16> for Days {
    type Error = String;

    fn try_from(days: u16) -> Result<Self, String> {
        if (1..=Self::MAX).contains(&days) {
            Ok(Self(days))
        } else {
            Err(format!("expected 1 to {} days, found {days}", Self::MAX))
        }
    }
}
