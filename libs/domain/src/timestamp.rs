//! Moments on the exchange's clock.

use serde::{Deserialize, Serialize};

const NS_PER_MS: i64 = 1_000_000;

/// A moment on the exchange's clock, in whole milliseconds since 1970.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Timestamp(i64);

impl Timestamp {
    /// `ms` milliseconds after 1970 began.
    pub const fn from_ms(ms: i64) -> Self {
        Self(ms)
    }

    /// Milliseconds since 1970.
    pub const fn ms(self) -> i64 {
        self.0
    }

    /// The moment `ms` later; the ends of time hold.
    pub const fn plus_ms(self, ms: i64) -> Self {
        Self(self.0.saturating_add(ms))
    }

    /// The moment `ns` nanoseconds later, or earlier below zero, without the part of a millisecond
    /// that is over; the ends of time hold.
    pub const fn plus_ns(self, ns: i64) -> Self {
        self.plus_ms(ns.div_euclid(NS_PER_MS))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn part_of_a_millisecond_is_cut_off_on_both_sides_of_zero() {
        let second = Timestamp::from_ms(1_000);
        assert_eq!(second.plus_ns(2_999_999), Timestamp::from_ms(1_002));
        assert_eq!(second.plus_ns(-1), Timestamp::from_ms(999));
        assert_eq!(second.plus_ns(-1_000_000), Timestamp::from_ms(999));
    }
}
