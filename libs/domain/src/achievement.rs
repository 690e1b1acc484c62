//! What an achievement asks for and gives.

use serde::{Deserialize, Serialize};

/// The terms of an achievement: reach `threshold` of `metric` and the rewards are granted, once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Terms {
    /// What it is called.
    pub title: String,
    /// What one has to do, for players.
    pub description: String,
    /// The metric that counts, such as `battles_won`.
    pub metric: String,
    /// How much of it is needed, at least 1.
    pub threshold: i64,
    /// The experience that it gives.
    pub experience: i64,
    /// Whether it can be earned at present.
    pub is_active: bool,
}
