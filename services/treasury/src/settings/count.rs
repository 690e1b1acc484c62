//! Numbers that an operator can set, within bounds.

use serde::Deserialize;

/// How many: from `MIN` to `MAX`.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(try_from = "u32")]
pub(super) struct Count<const MIN: u32, const MAX: u32>(u32);

impl<const MIN: u32, const MAX: u32> Count<MIN, MAX> {
    /// The number.
    pub(super) const fn number(self) -> u32 {
        self.0
    }
}

impl<const MIN: u32, const MAX: u32> TryFrom<u32> for Count<MIN, MAX> {
    type Error = String;

    fn try_from(count: u32) -> Result<Self, String> {
        if (MIN..=MAX).contains(&count) {
            Ok(Self(count))
        } else {
            Err(format!("expected {MIN} to {MAX}, found {count}"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_outside_its_bounds_is_refused_with_them() {
        for (count, fits) in [(2, false), (3, true), (5, true), (6, false)] {
            let read = Count::<3, 5>::try_from(count);
            assert_eq!(read.is_ok(), fits);
            let refused = read.err();
            assert!(refused.is_none_or(|text| text == format!("expected 3 to 5, found {count}")));
        }
    }
}
