//! Prices, as the exchange prints them.

use std::fmt;
use std::num::NonZeroI64;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::decimal::{self, DecimalError};

/// A price in quote currency per base, in units of 1e-8. From 1 to 10^16.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "i64", into = "i64")]
pub struct Price(NonZeroI64);

impl Price {
    /// How many decimals a price holds.
    pub const SCALE: u32 = 8;
    /// The lowest price.
    pub const MIN: Self = Self(units_or_most(1));
    /// The highest price.
    pub const MAX: Self = Self(units_or_most(10_000_000_000_000_000));

    /// The price of `units` × 1e-8, if it is in range.
    pub const fn from_units(units: i64) -> Option<Self> {
        match NonZeroI64::new(units) {
            Some(price) if Self::MIN.units() <= units && units <= Self::MAX.units() => {
                Some(Self(price))
            }
            Some(_) | None => None,
        }
    }

    /// The price in units of 1e-8.
    pub const fn units(self) -> i64 {
        self.0.get()
    }
}

/// Units that are not 0.
const fn units_or_most(units: i64) -> NonZeroI64 {
    match NonZeroI64::new(units) {
        Some(units) => units,
        None => NonZeroI64::MAX,
    }
}

impl TryFrom<i64> for Price {
    type Error = DecimalError;

    fn try_from(units: i64) -> Result<Self, Self::Error> {
        Self::from_units(units).ok_or(DecimalError::OutOfRange)
    }
}

impl From<Price> for i64 {
    fn from(price: Price) -> Self {
        price.units()
    }
}

impl FromStr for Price {
    type Err = DecimalError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        decimal::parse(text, Self::SCALE)?.try_into()
    }
}

impl fmt::Display for Price {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        decimal::write(f, self.units(), Self::SCALE)
    }
}
