//! Spans of time in settings.

use std::time::Duration;

use serde::Deserialize;

/// A setting that is a span from `MIN` to `MAX` milliseconds.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(try_from = "u64")]
pub struct Millis<const MIN: u64, const MAX: u64>(u64);

impl<const MIN: u64, const MAX: u64> Millis<MIN, MAX> {
    /// The span.
    pub const fn duration(self) -> Duration {
        Duration::from_millis(self.0)
    }
}

impl<const MIN: u64, const MAX: u64> TryFrom<u64> for Millis<MIN, MAX> {
    type Error = String;

    fn try_from(ms: u64) -> Result<Self, String> {
        if (MIN..=MAX).contains(&ms) {
            Ok(Self(ms))
        } else {
            Err(format!("expected {MIN} to {MAX} milliseconds, found {ms}"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_outside_its_bounds_is_refused_with_them() {
        assert_eq!(
            Millis::<10, 20>::try_from(20)
                .unwrap()
                .duration()
                .as_millis(),
            20
        );
        let refused = Millis::<10, 20>::try_from(21).unwrap_err();
        assert_eq!(refused, "expected 10 to 20 milliseconds, found 21");
    }
}
