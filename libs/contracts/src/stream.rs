//! The JetStream streams and what they keep.

use std::time::Duration;

use domain::market::Incarnation;
use serde::{Deserialize, Serialize};

/// The stream that keeps the server's own word that it gave up on a message.
pub const ADVISORIES: &str = "ADVISORIES";

/// Where the server says that `consumer` of `stream` used up its deliveries of a message; both
/// are names as the server knows them, and `*` stands for every consumer.
pub fn max_deliveries_advisory(stream: &str, consumer: &str) -> String {
    format!("$JS.EVENT.ADVISORY.CONSUMER.MAX_DELIVERIES.{stream}.{consumer}")
}

/// Where what a stream stores on `subject` is told again at once, with its sequence, to whoever listens
/// right now; see [`Stream::is_told_again`].
pub fn told_again(subject: &str) -> String {
    format!("stored.{subject}")
}

/// How far a stream has been read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct StreamPlace {
    /// Which life of the stream: when it was created, in nanoseconds since 1970.
    pub incarnation: Incarnation,
    /// The last sequence that was applied; 0 is none.
    pub sequence: u64,
}

/// A JetStream stream: file-backed, limits retention, declared by `migrate`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stream {
    /// What the exchange said, in the one order that counts.
    Market,
    /// What players asked the arena for.
    Positions,
    /// What became of it.
    Arena,
    /// Joining and leaving queues.
    Matchmaking,
    /// Battles opening, settling, being canceled.
    Battles,
    /// What the gateway asks of an owner.
    Commands,
    /// Wallet movements.
    Treasury,
    /// What happened to a player, and what it earned.
    Achievements,
    /// What has to be delivered to somebody.
    Notifications,
}

const HOUR: Duration = Duration::from_secs(60 * 60);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);
const GIB: u64 = 1024 * 1024 * 1024;

impl Stream {
    /// Every stream.
    pub const ALL: [Self; 9] = [
        Self::Market,
        Self::Positions,
        Self::Arena,
        Self::Matchmaking,
        Self::Battles,
        Self::Commands,
        Self::Treasury,
        Self::Achievements,
        Self::Notifications,
    ];

    /// JetStream's own deduplication window: a convenience, never the rule.
    pub const DUPLICATE_WINDOW: Duration = Duration::from_secs(120);

    /// The stream's name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Market => "MARKET",
            Self::Positions => "POSITIONS",
            Self::Arena => "ARENA",
            Self::Matchmaking => "MATCHMAKING",
            Self::Battles => "BATTLES",
            Self::Commands => "COMMANDS",
            Self::Treasury => "TREASURY",
            Self::Achievements => "ACHIEVEMENTS",
            Self::Notifications => "NOTIFICATIONS",
        }
    }

    /// The subjects that it stores.
    pub const fn subjects(self) -> &'static str {
        match self {
            Self::Market => "market.>",
            Self::Positions => "positions.>",
            Self::Arena => "arena.>",
            Self::Matchmaking => "matchmaking.>",
            Self::Battles => "battles.>",
            Self::Commands => "commands.>",
            Self::Treasury => "treasury.>",
            Self::Achievements => "achievements.>",
            Self::Notifications => "notifications.>",
        }
    }

    /// Whether what it stores is told again on [`told_again`]: so whoever listens knows the sequence of
    /// what it hears, and can go on from there later.
    pub const fn is_told_again(self) -> bool {
        match self {
            Self::Arena | Self::Matchmaking | Self::Battles | Self::Treasury => true,
            Self::Market
            | Self::Positions
            | Self::Commands
            | Self::Achievements
            | Self::Notifications => false,
        }
    }

    /// How long a message is kept.
    pub const fn max_age(self) -> Duration {
        match self {
            Self::Market => Duration::from_secs(2 * DAY.as_secs()),
            Self::Positions | Self::Matchmaking | Self::Commands => {
                Duration::from_secs(24 * HOUR.as_secs())
            }
            Self::Arena
            | Self::Battles
            | Self::Treasury
            | Self::Achievements
            | Self::Notifications => Duration::from_secs(7 * DAY.as_secs()),
        }
    }

    /// The most bytes that it may hold.
    pub const fn max_bytes(self) -> u64 {
        match self {
            Self::Market => 8 * GIB,
            Self::Positions | Self::Arena => 4 * GIB,
            Self::Matchmaking
            | Self::Battles
            | Self::Commands
            | Self::Treasury
            | Self::Achievements
            | Self::Notifications => GIB,
        }
    }
}

#[cfg(test)]
mod tests {
    use domain::battle::MAX_COMMANDS_PER_BATTLE;
    use domain::game::{MAX_BATTLE_MS, MAX_PLAYERS};
    use domain::record::MAX_RECORD_LEN;

    use super::*;

    #[test]
    fn no_battle_outgrows_its_record() {
        // A line is shorter than two times the message in the stream, which has subject and headers.
        let market = 2 * Stream::Market.max_bytes();
        // Orders and amendments, and as many closes and cancels, each shorter than this.
        let commands = u64::from(MAX_PLAYERS) * 2 * u64::from(MAX_COMMANDS_PER_BATTLE);
        assert!(market + commands * 1_024 < MAX_RECORD_LEN);
    }

    #[test]
    fn market_keeps_its_entries_twice_as_long_as_a_battle_lasts() {
        let kept_ms = Stream::Market.max_age().as_millis();
        assert_eq!(Ok(kept_ms), u128::try_from(2 * MAX_BATTLE_MS));
    }
}
