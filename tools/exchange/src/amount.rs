//! A decimal number with eight places, as the exchange prints prices and quantities.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// Decimal places on the exchange's wire.
const PLACES: usize = 8;

/// A non-negative decimal, held in units of 1e-8.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Amount(i64);

impl Amount {
    /// Units in one.
    pub const SCALE: i64 = 100_000_000;

    /// The amount of so many units of 1e-8; a negative count is zero.
    pub const fn from_units(units: i64) -> Self {
        Self(if units < 0 { 0 } else { units })
    }

    /// Units of 1e-8.
    pub const fn units(self) -> i64 {
        self.0
    }

    /// This amount moved by `ppm` millionths of itself and rounded down to a multiple of `step`,
    /// never below one step. Saturates at the largest amount.
    pub fn moved(self, ppm: i64, step: Self) -> Self {
        let exact = i128::from(self.0) * (1_000_000 + i128::from(ppm)) / 1_000_000;
        let step = i128::from(step.0.max(1));
        let stepped = (exact / step * step).max(step);
        Self(i64::try_from(stepped).unwrap_or(i64::MAX))
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:08}", self.0 / Self::SCALE, self.0 % Self::SCALE)
    }
}

/// A text that is not a decimal with at most eight places.
#[derive(Debug, PartialEq, Eq)]
pub struct NotAnAmount;

impl fmt::Display for NotAnAmount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("expected a decimal such as 61837.63 with at most eight places")
    }
}

impl std::error::Error for NotAnAmount {}

impl FromStr for Amount {
    type Err = NotAnAmount;

    fn from_str(text: &str) -> Result<Self, NotAnAmount> {
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        if whole.is_empty() || fraction.len() > PLACES || !digits(whole) || !digits(fraction) {
            return Err(NotAnAmount);
        }
        format!("{whole}{fraction:0<PLACES$}")
            .parse()
            .map(Self)
            .or(Err(NotAnAmount))
    }
}

impl Serialize for Amount {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Amount {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_amount_prints_as_it_was_read() {
        for text in ["61837.63000000", "0.00000001", "92233720368.54775807"] {
            assert_eq!(text.parse::<Amount>().unwrap().to_string(), text);
        }
        assert_eq!("7".parse::<Amount>().unwrap().to_string(), "7.00000000");
    }

    #[test]
    fn what_is_no_amount_is_refused() {
        for text in [
            "",
            ".5",
            "-1",
            "1e3",
            "0.000000001",
            "92233720369",
            "1,5",
            "NaN",
        ] {
            assert_eq!(text.parse::<Amount>(), Err(NotAnAmount), "{text}");
        }
    }

    #[test]
    fn a_moved_amount_stays_on_its_step_and_above_zero() {
        let step = Amount::from_units(1_000_000);
        let price: Amount = "100.00".parse().unwrap();
        assert_eq!(price.moved(25_000, step).to_string(), "102.50000000");
        assert_eq!(price.moved(-33, step).to_string(), "99.99000000");
        assert_eq!(price.moved(-1_000_000, step), step);
    }
}
