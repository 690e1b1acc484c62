//! What the house gives away in development mode: so much at once, and so much to one user in
//! all. Decides; moves nothing.

use contracts::Code;
use contracts::commands::{Caller, Refused};
use domain::ledger::{Account, Movement, Transfer, TransferKey};
use runtime::Mode;

/// A gift of the house.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Claim {
    /// Who asks for it, and under which id.
    pub(crate) caller: Caller,
    /// What it is, in a wallet's history.
    pub(crate) kind: &'static str,
    /// Where it goes.
    pub(crate) account: Account,
    /// How much, in the smallest part of the account's unit.
    pub(crate) amount: i64,
    /// The most that one user may claim of it.
    pub(crate) cap: i64,
}

impl Claim {
    /// What has to move, given what the user has `claimed` before: from the world outside to the
    /// house, and on to the user.
    pub(crate) fn decide(&self, mode: Mode, claimed: i64) -> Result<[Transfer; 2], Refused> {
        match mode {
            Mode::Development => {}
            Mode::Production => return Err(Refused::new(Code::DevelopmentOnly)),
        }
        if claimed.saturating_add(self.amount) > self.cap {
            return Err(Refused::new(Code::ClaimLimit));
        }
        let unit = self.account.unit;
        let (outside, house) = (Account::outside(unit), Account::house(unit));
        Ok([
            self.transfer("issue", outside, house),
            self.transfer("give", house, self.account),
        ])
    }

    /// The transfer that reaches the user.
    pub(crate) fn given(&self) -> TransferKey {
        self.key("give")
    }

    fn transfer(&self, step: &str, debit: Account, credit: Account) -> Transfer {
        Transfer {
            key: self.key(step),
            kind: self.kind,
            reference: self.caller.request.uuid(),
            movement: Movement::Move {
                debit,
                credit,
                amount: self.amount,
            },
        }
    }

    fn key(&self, step: &str) -> TransferKey {
        let Caller { user, request } = self.caller;
        TransferKey::new(format!("{}/{user}/{request}/{step}", self.kind))
    }
}

#[cfg(test)]
mod tests {
    use domain::ledger::Unit;
    use uuid::Uuid;

    use super::*;

    fn claim() -> Claim {
        let user = Uuid::from_u128(1).into();
        Claim {
            caller: Caller {
                user,
                request: Uuid::from_u128(2).into(),
            },
            kind: "play_money",
            account: Account::user(user, Unit::Usdt),
            amount: 50,
            cap: 100,
        }
    }

    #[test]
    fn nobody_gets_more_than_the_cap() {
        assert!(claim().decide(Mode::Development, 50).is_ok());
        let refused = claim().decide(Mode::Development, 51).unwrap_err();
        assert_eq!(refused.code, Code::ClaimLimit);
    }

    #[test]
    fn nothing_is_given_away_in_production() {
        let refused = claim().decide(Mode::Production, 0).unwrap_err();
        assert_eq!(refused.code, Code::DevelopmentOnly);
    }
}
