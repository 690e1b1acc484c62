//! Which level a player's experience amounts to.

/// Level n begins at this times n · (n − 1) points.
const STEP: i64 = 50;

/// The level that `experience` points amount to: 1 at 0, 2 at 100, 3 at 300. Below zero counts as
/// zero.
pub fn of_experience(experience: i64) -> u32 {
    // The largest n with n · (n − 1) ≤ steps, from the root of a quadratic equation.
    let steps = experience.max(0) / STEP;
    let root = steps
        .unsigned_abs()
        .saturating_mul(4)
        .saturating_add(1)
        .isqrt();
    u32::try_from(root.saturating_add(1) / 2).unwrap_or(u32::MAX)
}

/// The experience at which `level` begins; there is no level below 1.
pub fn begins_at(level: u32) -> i64 {
    let level = i64::from(level.max(1));
    STEP.saturating_mul(level)
        .saturating_mul(level.saturating_sub(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_levels_begin_at_0_100_300_and_600() {
        assert_eq!([1, 2, 3, 4].map(begins_at), [0, 100, 300, 600]);
        assert_eq!([0, 99, 100, 299, 300].map(of_experience), [1, 1, 2, 2, 3]);
        assert_eq!(of_experience(-1), 1);
    }
}

#[cfg(test)]
mod properties {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn experience_lies_between_the_beginnings_of_its_level_and_the_next(
            experience in 0_i64..=i64::MAX,
        ) {
            let level = of_experience(experience);
            prop_assert!(begins_at(level) <= experience);
            prop_assert!(experience < begins_at(level + 1) || begins_at(level + 1) == i64::MAX);
        }
    }
}
