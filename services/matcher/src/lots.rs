//! Which uses of an item go into a battle, and which of them come back: the ones that expire
//! first go first and are spent first.

use domain::ledger::Account;
use domain::timestamp::Timestamp;

/// Uses of an item that expire together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Lot {
    /// The player's account that holds them.
    pub(crate) account: Account,
    /// How many.
    pub(crate) uses: i64,
}

impl Lot {
    fn sooner_first(&self) -> (i64, Account) {
        let expires_at_ms = self.account.expires_at.map_or(i64::MAX, Timestamp::ms);
        (expires_at_ms, self.account)
    }
}

/// What became of the uses of a lot in a battle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Returned {
    /// The lot that they came from.
    pub(crate) account: Account,
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
            Returned {
                account: lot.account,
                back,
                spent: lot.uses - back,
            }
        })
        .collect();
    returned.reverse();
    returned
}

#[cfg(test)]
mod tests {
    use domain::id::UserId;
    use domain::ledger::Unit;
    use uuid::Uuid;

    use super::*;

    fn lot(uses: i64, expires_at_ms: Option<i64>) -> Lot {
        let player = UserId::new(Uuid::from_u128(1));
        let expires_at = expires_at_ms.map(Timestamp::from_ms);
        Lot {
            account: Account::lot(player, Unit::LeverageCard, expires_at),
            uses,
        }
    }

    #[test]
    fn the_uses_that_expire_first_go_into_the_battle() {
        let lots = vec![lot(5, None), lot(4, Some(2_000)), lot(3, Some(1_000))];
        assert_eq!(take(lots, 6), [lot(3, Some(1_000)), lot(3, Some(2_000))]);
    }

    #[test]
    fn the_uses_that_expire_first_are_spent_first() {
        let (sooner, later) = (lot(3, Some(1_000)), lot(3, Some(2_000)));
        assert_eq!(
            give_back(vec![later, sooner], 2),
            [
                Returned {
                    account: sooner.account,
                    back: 0,
                    spent: 3
                },
                Returned {
                    account: later.account,
                    back: 2,
                    spent: 1
                },
            ]
        );
    }
}

#[cfg(test)]
mod properties {
    use domain::id::UserId;
    use domain::ledger::Unit;
    use proptest::collection::vec;
    use proptest::option;
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;

    proptest! {
        #[test]
        fn no_use_appears_or_vanishes(
            lots in vec((0_i64..20, option::of(0_i64..100)), 0..8),
            most in 0_i64..30,
            left in 0_i64..30,
        ) {
            let owned: i64 = lots.iter().map(|(uses, _)| uses).sum();
            let player = UserId::new(Uuid::from_u128(1));
            let lots = lots.into_iter().map(|(uses, expires_at_ms)| {
                let expires_at = expires_at_ms.map(Timestamp::from_ms);
                Lot { account: Account::lot(player, Unit::LeverageCard, expires_at), uses }
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
