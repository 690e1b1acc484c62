//! What the matcher announces about battles.

use domain::id::{BattleId, GameId, UserId};
use domain::money::Money;
use domain::timestamp::Timestamp;
use serde::{Deserialize, Serialize};

use crate::topic::{Key, Message, Topic};

/// A battle opened: its seats are final and its fees captured. A hint; the row is the truth.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BattleOpened {
    /// The battle.
    pub battle: BattleId,
    /// The game that it is a match of.
    pub game: GameId,
    /// The game's title.
    pub title: String,
    /// Everybody in it, by seat.
    pub players: Vec<UserId>,
    /// When trading starts.
    pub start_time: Timestamp,
    /// When it ends.
    pub end_time: Timestamp,
}

/// What one player takes away from a battle.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Standing {
    /// The player.
    pub player: UserId,
    /// From 1; equal equity, equal rank.
    pub rank: u32,
    /// Whether this is the single winner.
    pub winner: bool,
    /// What was paid; zero is not left out.
    pub prize: Money,
    /// The change of cups that was applied.
    pub cups: i64,
    /// The experience earned.
    pub experience: i64,
    /// How many of the player's orders were filled.
    pub fills: u32,
}

/// A battle settled: paid, ranked, recorded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BattleSettled {
    /// The battle.
    pub battle: BattleId,
    /// The game that it was a match of.
    pub game: GameId,
    /// The game's title.
    pub title: String,
    /// Whether cups, experience and items were at stake.
    pub ranked: bool,
    /// Everybody, by rank.
    pub standings: Vec<Standing>,
    /// SHA-256 of the audit record, in hex.
    pub record_sha256: String,
}

/// A battle was canceled: every fee is back, nothing was earned.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BattleCanceled {
    /// The battle.
    pub battle: BattleId,
    /// The game that it was a match of.
    pub game: GameId,
    /// The game's title.
    pub title: String,
    /// Everybody who was in it.
    pub players: Vec<UserId>,
}

/// Who is in a room has changed, or that it waits no longer. A hint; the rows are the truth.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoomChanged {
    /// The battle.
    pub battle: BattleId,
    /// Everybody in it, in the order in which they came.
    pub players: Vec<UserId>,
}

impl Message for RoomChanged {
    const TOPIC: Topic = Topic::RoomChanged;

    fn key(&self) -> Key {
        self.battle.into()
    }
}

impl Message for BattleOpened {
    const TOPIC: Topic = Topic::BattleOpened;

    fn key(&self) -> Key {
        self.battle.into()
    }
}

impl Message for BattleSettled {
    const TOPIC: Topic = Topic::BattleSettled;

    fn key(&self) -> Key {
        self.battle.into()
    }
}

impl Message for BattleCanceled {
    const TOPIC: Topic = Topic::BattleCanceled;

    fn key(&self) -> Key {
        self.battle.into()
    }
}
