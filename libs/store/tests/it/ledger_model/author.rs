//! What happens to a ledger when nobody plans it: transactions of random steps, among them repeats,
//! other bodies under known keys, and what comes before that which it needs.

use std::collections::BTreeSet;

use domain::id::TransferId;
use domain::ledger::{Account, Movement, Transfer, TransferKey, Unit};
use domain::timestamp::Timestamp;
use uuid::Uuid;

use super::random::Random;
use super::reference::{PAST, Reference, STRIPE_MAX};
use crate::stage::{ALICE, BATTLE, BOB, is_bounded};

/// Money, cups and items go the same way.
const UNITS: [Unit; 3] = [Unit::Usdt, Unit::Cups, Unit::LeverageCard];
/// Later than any run ends.
const LATER: Timestamp = Timestamp::from_ms(i64::MAX);
/// How many statements and holds are remembered, to be repeated and ended.
const REMEMBERED: usize = 200;
/// The most steps of a transaction, and the most transfers of a large set.
const STEPS: usize = 5;
const LARGE: usize = 25;

/// One statement of a transaction.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    Open(Account),
    Post(Vec<Transfer>),
}

/// Few accounts, so that they meet.
fn accounts() -> Vec<Account> {
    let of = |unit| {
        [
            Account::outside(unit),
            Account::house(unit),
            Account::escrow(BATTLE, unit),
            Account::user(ALICE, unit),
            Account::user(BOB, unit),
            Account::lot(BOB, unit, Some(LATER)),
        ]
    };
    UNITS.into_iter().flat_map(of).collect()
}

pub(crate) struct Author {
    pub(crate) random: Random,
    accounts: Vec<Account>,
    keys: u64,
    sent: Vec<Vec<Transfer>>,
    /// What is sent later than it should be.
    late: Vec<Vec<Transfer>>,
    holds: Vec<Transfer>,
    /// The holds that this transaction is to end.
    ending: BTreeSet<TransferId>,
    /// Whether the next transfers should rather be done than refused.
    sound: bool,
}

impl Author {
    pub(crate) fn new(random: Random) -> Self {
        Self {
            random,
            accounts: accounts(),
            keys: 0,
            sent: Vec::new(),
            late: Vec::new(),
            holds: Vec::new(),
            ending: BTreeSet::new(),
            sound: true,
        }
    }

    pub(crate) fn transaction(&mut self, now: &Reference) -> Vec<Step> {
        self.ending.clear();
        let steps = self.random.between(1, STEPS);
        (0..steps).map(|_| self.step(now)).collect()
    }

    /// A hold that can expire and has not ended, if one comes to mind.
    pub(crate) fn expiring_hold(&mut self, now: &Reference) -> Option<TransferId> {
        let hold = self.hold(now)?;
        let can_expire =
            matches!(hold.movement, Movement::Hold { expires_at, .. } if expires_at.is_some());
        let id = hold.key.id();
        (can_expire && now.is_open(id)).then_some(id)
    }

    fn step(&mut self, now: &Reference) -> Step {
        let choice = self.random.below(100);
        let is_new = now.book.accounts.len() < self.accounts.len() / 2;
        if choice < if is_new { 20 } else { 2 } {
            return Step::Open(*self.random.of(&self.accounts));
        }
        if self.sent.is_empty() || choice >= 30 {
            let fresh = self.fresh(now);
            return Step::Post(self.out_of_order(fresh, now));
        }
        let mut again = self.random.of(&self.sent).clone();
        match choice {
            0..5 if !self.late.is_empty() => {
                let place = self.random.below(self.late.len());
                again = self.late.swap_remove(place);
            }
            5..10 => self.alter(&mut again),
            10..13 => {
                let place = self.random.between(0, again.len());
                again.insert(place, self.transfer(now));
            }
            13..15 => {
                let twice = self.random.of(&again).clone();
                again.push(twice);
            }
            // As it was.
            _ => {}
        }
        Step::Post(self.remember(again))
    }

    fn fresh(&mut self, now: &Reference) -> Vec<Transfer> {
        let count = match self.random.below(20) {
            0..12 => 1,
            12..18 => self.random.between(2, 5),
            _ => self.random.between(6, LARGE),
        };
        // In a large set, something would always be wrong.
        self.sound = self.random.percent(75);
        (0..count).map(|_| self.transfer(now)).collect()
    }

    /// Sends it, or first what should come behind it.
    fn out_of_order(&mut self, fresh: Vec<Transfer>, now: &Reference) -> Vec<Transfer> {
        if !self.random.percent(10) {
            return self.remember(fresh);
        }
        let behind = self.fresh(now);
        self.late.push(fresh);
        self.remember(behind)
    }

    fn remember(&mut self, sent: Vec<Transfer>) -> Vec<Transfer> {
        if self.sent.len() < REMEMBERED {
            self.sent.push(sent.clone());
        } else {
            let place = self.random.below(REMEMBERED);
            self.sent[place].clone_from(&sent);
        }
        sent
    }

    /// Makes one of them another transfer under the same key.
    fn alter(&mut self, transfers: &mut [Transfer]) {
        let place = self.random.below(transfers.len());
        let transfer = &mut transfers[place];
        match (self.random.below(3), &mut transfer.movement) {
            (0, Movement::Move { amount, .. } | Movement::Hold { amount, .. }) => {
                *amount = amount.wrapping_add(1);
            }
            (0, Movement::Post { hold, .. }) => {
                transfer.movement = Movement::Void { hold: *hold };
            }
            (1, Movement::Hold { expires_at, .. }) => *expires_at = Some(PAST),
            (1, _) => transfer.kind = "another",
            _ => transfer.reference = Uuid::nil(),
        }
    }

    fn transfer(&mut self, now: &Reference) -> Transfer {
        let choice = self.random.below(100);
        match self.hold(now) {
            Some(hold) if choice >= 65 => self.ending(&hold, now),
            Some(_) | None if choice < 40 => {
                let movement = self.moving(now);
                self.keyed(movement)
            }
            Some(_) | None => {
                let movement = self.holding(now);
                let hold = self.keyed(movement);
                if self.holds.len() < REMEMBERED {
                    self.holds.push(hold.clone());
                } else {
                    let place = self.random.below(REMEMBERED);
                    self.holds[place] = hold.clone();
                }
                hold
            }
        }
    }

    fn keyed(&mut self, movement: Movement) -> Transfer {
        self.keys += 1;
        Transfer {
            key: TransferKey::new(format!("random/{}", self.keys)),
            kind: "random",
            reference: BATTLE,
            movement,
        }
    }

    /// A hold, one that is open rather than another.
    fn hold(&mut self, now: &Reference) -> Option<Transfer> {
        let looks = if self.sound { 20 } else { 5 };
        let mut hold = None;
        for _ in 0..looks {
            let place = self.random.below(self.holds.len().max(1));
            hold = self.holds.get(place).cloned();
            let id = hold.as_ref().map(|it| it.key.id());
            if id.is_some_and(|id| now.is_open(id) && !self.ending.contains(&id)) {
                return hold;
            }
        }
        hold.filter(|_| !self.sound)
    }

    fn moving(&mut self, now: &Reference) -> Movement {
        let debit = self.debit(now);
        Movement::Move {
            debit,
            credit: self.other(debit),
            amount: self.amount(debit, now),
        }
    }

    fn holding(&mut self, now: &Reference) -> Movement {
        let debit = self.debit(now);
        let expires_at = match self.random.below(20) {
            0 if !self.sound => Some(PAST),
            0..6 => None,
            _ => Some(LATER),
        };
        Movement::Hold {
            debit,
            amount: self.amount(debit, now),
            expires_at,
        }
    }

    /// What ends a hold, or something else that was taken for one.
    fn ending(&mut self, hold: &Transfer, now: &Reference) -> Transfer {
        let Movement::Hold { debit, .. } = hold.movement else {
            unreachable!("{hold:?} is no hold");
        };
        let mut id = hold.key.id();
        self.ending.insert(id);
        if !self.sound && self.random.percent(20) {
            let last = now.book.order.last().copied();
            let last = last.filter(|it| !now.is_open(*it));
            id = last.unwrap_or_else(|| TransferKey::new("none").id());
        }
        let has_expired = now.book.expired.contains(&id);
        match self.random.below(10) {
            0..4 if !(self.sound && has_expired) => {
                let credit = self.other(debit);
                self.keyed(Movement::Post { hold: id, credit })
            }
            6.. if has_expired || !self.sound => Transfer::expiry(id, BATTLE),
            _ => self.keyed(Movement::Void { hold: id }),
        }
    }

    /// An account to take something from, where there is something.
    fn debit(&mut self, now: &Reference) -> Account {
        let mut debit = *self.random.of(&self.accounts);
        for _ in 0..5 {
            if !is_bounded(debit.kind) || free(debit, now) > 0 {
                break;
            }
            debit = *self.random.of(&self.accounts);
        }
        debit
    }

    /// Another account of the same unit.
    fn other(&mut self, account: Account) -> Account {
        let others = self.accounts.iter().copied();
        let others: Vec<_> = others
            .filter(|it| it.unit == account.unit && *it != account)
            .collect();
        *self.random.of(&others)
    }

    fn amount(&mut self, debit: Account, now: &Reference) -> i64 {
        let (free, is_bounded) = (free(debit, now), is_bounded(debit.kind));
        let stripe_max = i64::try_from(STRIPE_MAX).unwrap();
        if self.sound {
            let most = if is_bounded { free.clamp(1, 100) } else { 100 };
            let most = usize::try_from(most).unwrap();
            return i64::try_from(self.random.between(1, most)).unwrap();
        }
        match self.random.below(20) {
            0 => *self.random.of(&[0, -1, i64::MIN, i64::MAX, i64::MAX - 1]),
            1 => *self
                .random
                .of(&[stripe_max, stripe_max + 1, stripe_max / 2]),
            2..8 if is_bounded => free,
            8..12 if is_bounded => free + 1,
            _ => i64::try_from(self.random.between(1, 100)).unwrap(),
        }
    }
}

/// What can be taken from an account before it is empty.
fn free(account: Account, now: &Reference) -> i64 {
    let sums = now.book.accounts.get(&account).copied().unwrap_or_default();
    i64::try_from(sums.balance - sums.held).unwrap()
}
