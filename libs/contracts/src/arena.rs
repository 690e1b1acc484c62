//! What the arena tells: what happened to positions, and how battles end.

use domain::engine::PositionChange;
use domain::id::{BattleId, GameId, UserId};
use domain::position::PositionState;
use domain::ranking::BattleResult;
use serde::{Deserialize, Serialize};

use crate::topic::{Key, Message, Topic};

/// Something happened to a position. For its owner; rivals may not see it while the battle runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PositionEvent {
    /// The battle.
    pub battle: BattleId,
    /// The owner.
    pub player: UserId,
    /// What happened.
    pub change: PositionChange,
    /// The position right after it.
    pub position: PositionState,
}

/// Something happened to a battle as a whole.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BattleEvent {
    /// The battle.
    pub battle: BattleId,
    /// The game that it is a match of.
    pub game: GameId,
    /// What happened.
    pub change: BattleChange,
}

/// What happened to a battle in the arena.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BattleChange {
    /// It follows the market and takes commands from its start on.
    Opened,
    /// Its result is sealed: the row is the truth, this is a hint to settle.
    Sealed {
        /// The result.
        result: BattleResult,
        /// SHA-256 of the audit record, in hex.
        record_sha256: String,
    },
    /// It was called off; nothing of it counts.
    Canceled {
        /// SHA-256 of the audit record, in hex.
        record_sha256: String,
    },
}

impl Message for PositionEvent {
    const TOPIC: Topic = Topic::ArenaPosition;

    fn key(&self) -> Key {
        self.battle.into()
    }
}

impl Message for BattleEvent {
    const TOPIC: Topic = Topic::ArenaBattle;

    fn key(&self) -> Key {
        self.battle.into()
    }
}
