//! What happened to a player, and what it earned.

use domain::id::{AchievementDefinitionId, AchievementId, UserId};
use serde::{Deserialize, Serialize};

use crate::topic::{Key, Message, Topic};

/// One thing that happened to one player, as a metric that moves.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlayerEvent {
    /// The player.
    pub user: UserId,
    /// The metric, such as `battles_won`.
    pub metric: String,
    /// By how much it rises.
    pub by: i64,
}

/// A player earned an achievement; its rewards are posted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Granted {
    /// The grant.
    pub achievement: AchievementId,
    /// What was earned.
    pub definition: AchievementDefinitionId,
    /// Who earned it.
    pub user: UserId,
    /// The achievement's title.
    pub title: String,
    /// The experience that came with it.
    pub experience: i64,
}

impl Message for PlayerEvent {
    const TOPIC: Topic = Topic::PlayerEvent;

    fn key(&self) -> Key {
        self.user.into()
    }
}

impl Message for Granted {
    const TOPIC: Topic = Topic::AchievementGranted;

    fn key(&self) -> Key {
        self.user.into()
    }
}
