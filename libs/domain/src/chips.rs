//! The play money inside one battle.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::decimal::{self, DecimalError};

/// Play money inside one battle, in units of 1e-8. Signed, because a position can lose.
///
/// Deliberately a different type from [`Money`](crate::money::Money): nothing converts between
/// them.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Chips(i64);

impl Chips {
    /// How many decimals chips hold.
    pub const SCALE: u32 = 8;
    /// No chips.
    pub const ZERO: Self = Self(0);

    /// `units` × 1e-8 chips.
    pub const fn from_units(units: i64) -> Self {
        Self(units)
    }

    /// The amount in units of 1e-8.
    pub const fn units(self) -> i64 {
        self.0
    }

    /// The most that chips saturate at: 4·10^18 units, with either sign.
    pub const LIMIT: Self = Self(4_000_000_000_000_000_000);

    /// `units` × 1e-8 chips, cut off at ±[`LIMIT`](Self::LIMIT).
    pub fn saturated(units: i128) -> Self {
        let limit = i128::from(Self::LIMIT.0);
        i64::try_from(units.clamp(limit.saturating_neg(), limit)).map_or(Self::LIMIT, Self)
    }

    /// The sum, cut off at ±[`LIMIT`](Self::LIMIT).
    pub fn saturating_add(self, other: Self) -> Self {
        Self::saturated(i128::from(self.0).saturating_add(other.0.into()))
    }

    /// The difference, cut off at ±[`LIMIT`](Self::LIMIT).
    pub fn saturating_sub(self, other: Self) -> Self {
        Self::saturated(i128::from(self.0).saturating_sub(other.0.into()))
    }
}

impl FromStr for Chips {
    type Err = DecimalError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        decimal::parse(text, Self::SCALE).map(Self)
    }
}

impl fmt::Display for Chips {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        decimal::write(f, self.0, Self::SCALE)
    }
}
