//! Which uses of an item go into a battle, and which of them come back: the ones that expire
//! first go first and are spent first.

use domain::id::AccountId;

/// Uses of an item that expire together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Lot {
    /// The player's account that holds them.
    pub(crate) account: AccountId,
    /// How many.
    pub(crate) uses: i64,
    /// When they expire, in milliseconds since 1970; never, where there is none.
    pub(crate) expires_at_ms: Option<i64>,
}

impl Lot {
    fn sooner_first(&self) -> (i64, AccountId) {
        (self.expires_at_ms.unwrap_or(i64::MAX), self.account)
    }
}

/// What became of the uses of a lot in a battle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Returned {
    /// The lot that they came from.
    pub(crate) account: AccountId,
    /// How many come back.
    pub(crate) back: i64,
    /// How many were spent.
    pub(crate) spent: i64,
}

/// At most `most` uses out of `lots`, those that expire first.
pub(crate) fn take(mut lots: Vec<Lot>, most: i64) -> Vec<Lot> {
    lots.sort_by_key(Lot::sooner_first);
    let mut wanted = most;
    lots.into_iter()
        .map(|lot| {
            let uses = lot.uses.clamp(0, wanted);
            wanted -= uses;
            Lot { uses, ..lot }
        })
        .filter(|lot| lot.uses > 0)
        .collect()
}

/// Divides the uses that were taken into spent ones and `left` ones, which come back.
pub(crate) fn give_back(mut taken: Vec<Lot>, left: i64) -> Vec<Returned> {
    taken.sort_by_key(Lot::sooner_first);
    let mut left = left;
    let mut returned: Vec<Returned> = taken
        .iter()
        .rev()
        .map(|lot| {
            let back = lot.uses.min(left);
            left -= back;
            Returned { account: lot.account, back, spent: lot.uses - back }
        })
        .collect();
    returned.reverse();
    returned
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn lot(number: u128, uses: i64, expires_at_ms: Option<i64>) -> Lot {
        Lot { account: Uuid::from_u128(number).into(), uses, expires_at_ms }
    }

    #[test]
    fn the_uses_that_expire_first_go_into_the_battle() {
        let lots = vec![lot(1, 5, None), lot(2, 4, Some(2_000)), lot(3, 3, Some(1_000))];
        assert_eq!(take(lots, 6), [lot(3, 3, Some(1_000)), lot(2, 3, Some(2_000))]);
    }

    #[test]
    fn the_uses_that_expire_first_are_spent_first() {
        let taken = vec![lot(2, 3, Some(2_000)), lot(3, 3, Some(1_000))];
        let account = |number| Uuid::from_u128(number).into();
        assert_eq!(
            give_back(taken, 2),
            [
                Returned { account: account(3), back: 0, spent: 3 },
                Returned { account: account(2), back: 2, spent: 1 },
            ]
        );
    }
}

#[cfg(test)]
mod properties {
    use proptest::collection::vec;
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;

    proptest! {
        #[test]
        fn no_use_appears_or_vanishes(
            uses in vec((0_i64..20, proptest::option::of(0_i64..100)), 0..8),
            most in 0_i64..30,
            left in 0_i64..30,
        ) {
            let owned: i64 = uses.iter().map(|(uses, _)| uses).sum();
            let lots = uses.into_iter().zip(1_u128..).map(|((uses, expires_at_ms), number)| {
                Lot { account: Uuid::from_u128(number).into(), uses, expires_at_ms }
            });
            let taken = take(lots.collect(), most);
            let moved: i64 = taken.iter().map(|lot| lot.uses).sum();
            prop_assert_eq!(moved, owned.min(most));
            let left = left.min(moved);
            let returned = give_back(taken, left);
            prop_assert_eq!(returned.iter().map(|lot| lot.back).sum::<i64>(), left);
            prop_assert_eq!(returned.iter().map(|lot| lot.back + lot.spent).sum::<i64>(), moved);
            prop_assert!(returned.iter().all(|lot| lot.back >= 0 && lot.spent >= 0));
        }
    }
}
