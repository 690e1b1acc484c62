//! Division of wide integers with the rounding named.

/// `numerator` ⁄ `divisor` towards negative infinity. The divisor is positive; 0 divides to 0.
pub(crate) fn div_floor(numerator: i128, divisor: i128) -> i128 {
    let Some(quotient) = divided(numerator, divisor) else {
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

/// The quotient towards zero. Most of what is divided is not wide, and then it is much cheaper.
fn divided(numerator: i128, divisor: i128) -> Option<i128> {
    match (i64::try_from(numerator), i64::try_from(divisor)) {
        (Ok(numerator), Ok(divisor @ 1..)) => numerator.checked_div(divisor).map(i128::from),
        _ => numerator.checked_div(divisor),
    }
}

/// `numerator` ⁄ `divisor` towards positive infinity. The divisor is positive; 0 divides to 0.
pub(crate) fn div_ceil(numerator: i128, divisor: i128) -> i128 {
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

#[cfg(test)]
mod properties {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn wide_and_narrow_numbers_are_divided_alike(
            numerator: i128, shift in 0_u32..128, divisor in 1_i64..=i64::MAX,
        ) {
            let (numerator, divisor) = (numerator >> shift, i128::from(divisor));
            let floor = numerator.div_euclid(divisor);
            let exact = floor * divisor == numerator;
            prop_assert_eq!(div_floor(numerator, divisor), floor);
            prop_assert_eq!(div_ceil(numerator, divisor), floor + i128::from(!exact));
        }
    }
}
