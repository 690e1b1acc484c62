//! What an operator can set; `config.default.toml` says what each key means.

use runtime::Millis;
use serde::Deserialize;

/// The arena's own sections.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// `[postgres]`
    pub postgres: store::Settings<runtime::Secret>,
    /// `[nats]`
    pub nats: bus::NatsSettings,
    /// `[shards]`
    pub shards: Shards,
    /// `[leaderboard]`
    pub leaderboard: Leaderboard,
}

/// `[shards]`
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Shards {
    /// How long a lease lasts.
    pub lease_ms: Millis<500, 4_000>,
    /// How many uncommitted effects stop the input.
    pub max_uncommitted: MaxUncommitted,
    /// How long a shard that has nothing to write goes without a checkpoint.
    pub checkpoint_ms: Millis<100, 10_000>,
    /// How often the database is asked for battles that nobody told of.
    pub poll_ms: Millis<100, 10_000>,
}

/// `[leaderboard]`
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Leaderboard {
    /// How often the standings of a running battle are shown.
    pub every_ms: Millis<100, 10_000>,
}

/// How many uncommitted effects stop the input, from 1 to a million.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(try_from = "usize")]
pub struct MaxUncommitted(usize);

impl MaxUncommitted {
    const MOST: usize = 1_000_000;

    /// The number.
    pub const fn get(self) -> usize {
        self.0
    }
}

impl TryFrom<usize> for MaxUncommitted {
    type Error = String;

    fn try_from(effects: usize) -> Result<Self, String> {
        if (1..=Self::MOST).contains(&effects) {
            Ok(Self(effects))
        } else {
            Err(format!(
                "expected 1 to {} effects, found {effects}",
                Self::MOST
            ))
        }
    }
}
