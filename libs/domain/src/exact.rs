//! Division of wide integers with the rounding named.

/// `numerator` ⁄ `divisor` towards negative infinity. The divisor is positive; 0 divides to 0.
pub(crate) const fn div_floor(numerator: i128, divisor: i128) -> i128 {
    let Some(quotient) = numerator.checked_div(divisor) else {
        return 0;
    };
    // One division: what is left over follows from the quotient, and cannot overflow.
    let rest = numerator.wrapping_sub(quotient.wrapping_mul(divisor));
    if rest < 0 {
        quotient.saturating_sub(1)
    } else {
        quotient
    }
}

/// `numerator` ⁄ `divisor` towards positive infinity. The divisor is positive; 0 divides to 0.
pub(crate) const fn div_ceil(numerator: i128, divisor: i128) -> i128 {
    div_floor(numerator.saturating_neg(), divisor).saturating_neg()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounding_goes_where_the_name_says() {
        assert_eq!(
            (div_floor(7, 2), div_floor(-7, 2), div_floor(6, 2)),
            (3, -4, 3)
        );
        assert_eq!(
            (div_ceil(7, 2), div_ceil(-7, 2), div_ceil(6, 2)),
            (4, -3, 3)
        );
    }
}
