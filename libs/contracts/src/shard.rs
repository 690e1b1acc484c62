//! Which shard of the arena a battle lives in.

use std::fmt;

use domain::id::BattleId;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// One of the arena's 64 shards.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "u8", into = "u8")]
pub struct Shard(u8);

/// Not a shard.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected a shard from 0 to {}", Shard::COUNT - 1)]
pub struct NotAShard;

impl Shard {
    /// How many shards there are. A constant of the contract: changing it moves every battle.
    pub const COUNT: u8 = 64;

    /// The shard of `battle`: the first byte of the SHA-256 of its 16 bytes, modulo 64.
    pub fn of(battle: BattleId) -> Self {
        Self(Sha256::digest(battle.uuid().as_bytes())[0] % Self::COUNT)
    }

    /// Every shard.
    pub fn all() -> impl Iterator<Item = Self> {
        (0..Self::COUNT).map(Self)
    }

    /// The number, from 0.
    pub const fn get(self) -> u8 {
        self.0
    }
}

impl TryFrom<u8> for Shard {
    type Error = NotAShard;

    fn try_from(number: u8) -> Result<Self, Self::Error> {
        if number < Self::COUNT {
            Ok(Self(number))
        } else {
            Err(NotAShard)
        }
    }
}

impl From<Shard> for u8 {
    fn from(shard: Shard) -> Self {
        shard.0
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn a_battle_never_moves_to_another_shard() {
        let shards: Vec<u8> = (1..=4_u128)
            .map(|n| Shard::of(Uuid::from_u128(n).into()).get())
            .collect();
        // python: sha256(n.to_bytes(16, "big")).digest()[0] % 64
        assert_eq!(shards, [60, 41, 11, 37]);
    }
}
