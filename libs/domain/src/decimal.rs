//! Exact decimal text to scaled integers and back. Nothing is rounded and no float is involved.

use std::fmt;

/// Why a text is not a number of the scale.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecimalError {
    /// Not digits with at most one point and at most one leading minus.
    #[error("expected a decimal number such as 12.5")]
    Malformed,
    /// More digits behind the point than the scale holds; they are refused, not rounded.
    #[error("expected at most {scale} decimals")]
    TooPrecise {
        /// How many digits the scale holds.
        scale: u32,
    },
    /// Does not fit 64 bits at this scale.
    #[error("number out of range")]
    OutOfRange,
}

/// The longest text that is looked at, in bytes.
pub const MAX_DECIMAL_LEN: usize = 40;

/// Reads `text` as an integer scaled by 10^`scale`. Zeros beyond the scale are accepted.
pub fn parse(text: &str, scale: u32) -> Result<i64, DecimalError> {
    if text.len() > MAX_DECIMAL_LEN {
        return Err(DecimalError::Malformed);
    }
    let (negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let (whole, fraction) = match digits.split_once('.') {
        Some((whole, fraction)) if !fraction.is_empty() => (whole, fraction),
        Some(_) => return Err(DecimalError::Malformed),
        None => (digits, ""),
    };
    let is_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !is_digits(whole) || !is_digits(fraction) {
        return Err(DecimalError::Malformed);
    }
    let fraction = fraction.trim_end_matches('0');
    let missing = usize::try_from(scale)
        .ok()
        .and_then(|scale| scale.checked_sub(fraction.len()))
        .ok_or(DecimalError::TooPrecise { scale })?;
    let padding = std::iter::repeat_n(b'0', missing);
    let mut value: i64 = 0;
    for digit in whole.bytes().chain(fraction.bytes()).chain(padding) {
        let digit = i64::from(digit.wrapping_sub(b'0'));
        value = value
            .checked_mul(10)
            .and_then(|value| {
                if negative {
                    value.checked_sub(digit)
                } else {
                    value.checked_add(digit)
                }
            })
            .ok_or(DecimalError::OutOfRange)?;
    }
    Ok(value)
}

/// Writes `value` scaled by 10^`scale` without trailing zeros: `95`, `0.5`, `-3.15789474`.
pub fn write(f: &mut fmt::Formatter<'_>, value: i64, scale: u32) -> fmt::Result {
    let unit = 10_u64.checked_pow(scale).ok_or(fmt::Error)?;
    let magnitude = value.unsigned_abs();
    let sign = if value < 0 { "-" } else { "" };
    let whole = magnitude.checked_div(unit).ok_or(fmt::Error)?;
    let fraction = magnitude.checked_rem(unit).ok_or(fmt::Error)?;
    if fraction == 0 {
        return write!(f, "{sign}{whole}");
    }
    let width = usize::try_from(scale).map_err(|_scale_too_large| fmt::Error)?;
    let digits = format!("{fraction:0width$}");
    write!(f, "{sign}{whole}.{}", digits.trim_end_matches('0'))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    struct Shown(i64, u32);

    impl fmt::Display for Shown {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            write(f, self.0, self.1)
        }
    }

    #[test]
    fn reads_what_the_exchange_prints() {
        assert_eq!(parse("61837.63000000", 8), Ok(6_183_763_000_000));
        assert_eq!(parse("0.00000001", 8), Ok(1));
        assert_eq!(parse("-0.5", 8), Ok(-50_000_000));
        assert_eq!(parse("10.000000000", 0), Ok(10));
    }

    #[test]
    fn refuses_what_it_would_have_to_round_or_guess() {
        assert_eq!(
            parse("0.000000001", 8),
            Err(DecimalError::TooPrecise { scale: 8 })
        );
        assert_eq!(
            parse("92233720368.54775808", 8),
            Err(DecimalError::OutOfRange)
        );
        for text in [
            "", "-", ".", "1.", ".5", "+1", "1e3", " 1", "1,0", "0x1", "1.2.3", "--1",
        ] {
            assert_eq!(parse(text, 8), Err(DecimalError::Malformed), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back(value: i64, scale in 0_u32..=18) {
            prop_assert_eq!(parse(&Shown(value, scale).to_string(), scale), Ok(value));
        }
    }
}
