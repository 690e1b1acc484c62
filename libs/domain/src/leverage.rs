//! Leverage and rates.

use serde::{Deserialize, Serialize};

/// How many times the margin a position moves: 1 to 100, whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "u8", into = "u8")]
pub struct Leverage(u8);

/// Not a leverage.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected a whole leverage from 1 to 100")]
pub struct NotALeverage;

impl Leverage {
    /// The highest leverage.
    pub const MAX: Self = Self(100);
    /// Above this an order spends one use of a leverage card.
    pub const FREE_UP_TO: Self = Self(10);

    /// The multiple.
    pub const fn times(self) -> u8 {
        self.0
    }
}

impl TryFrom<u8> for Leverage {
    type Error = NotALeverage;

    fn try_from(times: u8) -> Result<Self, Self::Error> {
        if (1..=Self::MAX.0).contains(&times) {
            Ok(Self(times))
        } else {
            Err(NotALeverage)
        }
    }
}

impl From<Leverage> for u8 {
    fn from(leverage: Leverage) -> Self {
        leverage.0
    }
}

/// A rate in basis points: 1 is 0.01 %, 10,000 is the whole.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(try_from = "u16", into = "u16")]
pub struct Bps(u16);

/// Not a rate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected 0 to 10000 basis points")]
pub struct NotARate;

impl Bps {
    /// The whole.
    pub const WHOLE: Self = Self(10_000);

    /// The rate in basis points.
    pub const fn get(self) -> u16 {
        self.0
    }
}

impl TryFrom<u16> for Bps {
    type Error = NotARate;

    fn try_from(bps: u16) -> Result<Self, Self::Error> {
        if bps <= Self::WHOLE.0 {
            Ok(Self(bps))
        } else {
            Err(NotARate)
        }
    }
}

impl From<Bps> for u16 {
    fn from(bps: Bps) -> Self {
        bps.0
    }
}
