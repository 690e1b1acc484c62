//! The ledger as maps in memory: the simplest thing that could be right, written from the rules.

use std::collections::BTreeSet;

use domain::id::TransferId;
use domain::ledger::{Account, Movement, Refusal, Transfer};
use domain::timestamp::Timestamp;
use store::ledger::Posted;

use super::book::{Book, Entry};
use crate::stage::is_bounded;

/// What one stripe of a house or outside account holds at the most, on either side of zero.
pub(crate) const STRIPE_MAX: i128 = (1 << 57) - 1;
/// A hold with this expiry has expired. One with another expires when somebody says so.
pub(crate) const PAST: Timestamp = Timestamp::from_ms(1);

#[derive(Debug, Default)]
pub(crate) struct Reference {
    pub(crate) book: Book,
    /// The stripe that the session moves.
    pub(crate) stripe: i16,
}

impl Reference {
    /// Opens an account; false if it was open.
    pub(crate) fn open(&mut self, account: Account) -> bool {
        let is_new = !self.book.accounts.contains_key(&account);
        self.book.accounts.entry(account).or_default();
        is_new
    }

    /// Whether this is a hold that has not ended.
    pub(crate) fn is_open(&self, hold: TransferId) -> bool {
        let found = self.book.transfers.get(&hold).map(|it| it.movement);
        let holds = matches!(found, Some(Movement::Hold { .. }));
        holds && !self.book.ended.contains_key(&hold)
    }

    /// Does it all in order, or nothing, and answers every reason not to.
    pub(crate) fn post(&mut self, transfers: &[Transfer]) -> Result<Posted, Vec<Refusal>> {
        let keys: BTreeSet<_> = transfers.iter().map(|transfer| &transfer.key).collect();
        if keys.len() < transfers.len() {
            return Err(vec![Refusal::KeyReused]);
        }
        let mark = self.book.mark();
        let (mut refusals, mut known, mut same) = (Vec::new(), 0, 0);
        for transfer in transfers {
            match self.book.transfers.get(&transfer.key.id()) {
                Some(before) => {
                    known += 1;
                    same += usize::from(before == transfer);
                    refusals.extend(self.sides(transfer).err());
                }
                None => self.apply(transfer, &mut refusals),
            }
        }
        if same == transfers.len() {
            return Ok(Posted::Before);
        }
        if known > 0 {
            refusals.push(Refusal::KeyReused);
        }
        // Neither what is in a stripe nor what one statement moves there.
        let too_much = self.book.stripes.iter().any(|(stripe, sum)| {
            let before = mark.stripes.get(stripe).copied().unwrap_or_default();
            sum.abs().max((sum - before).abs()) > STRIPE_MAX
        });
        if too_much {
            refusals.push(Refusal::OutOfRange);
        }
        if !refusals.is_empty() {
            self.book.restore(mark);
            return Err(refusals);
        }
        for transfer in transfers {
            let id = transfer.key.id();
            self.book.order.push(id);
            self.book.transfers.insert(id, transfer.clone());
        }
        Ok(Posted::Now)
    }

    fn apply(&mut self, transfer: &Transfer, refusals: &mut Vec<Refusal>) {
        let sides = self.sides(transfer);
        let refused = sides.err().or_else(|| self.end(transfer).err());
        refusals.extend(refused);
        let Ok((debit, credit, amount, held)) = sides else {
            return;
        };
        let id = transfer.key.id();
        let debited = self.change(id, debit, credit.map_or(0, |_| -amount), held);
        refusals.extend(debited.err());
        if let Some(credit) = credit {
            refusals.extend(self.change(id, credit, amount, 0).err());
        }
    }

    /// Debit, credit, the amount, and by how much it changes what is held on the debit side. A
    /// hold can be ended from the next statement on.
    fn sides(
        &self,
        transfer: &Transfer,
    ) -> Result<(Account, Option<Account>, i128, i128), Refusal> {
        let hold = |hold: &TransferId| match self.book.transfers.get(hold).map(|it| it.movement) {
            Some(Movement::Hold { debit, amount, .. }) => Ok((debit, amount)),
            _ => Err(Refusal::UnknownHold),
        };
        let ((debit, amount), credit, held) = match &transfer.movement {
            Movement::Move {
                debit,
                credit,
                amount,
            } => ((*debit, *amount), Some(*credit), 0),
            Movement::Hold { debit, amount, .. } => ((*debit, *amount), None, 1),
            Movement::Post { hold: id, credit } => (hold(id)?, Some(*credit), -1),
            Movement::Void { hold: id } | Movement::Expire { hold: id } => (hold(id)?, None, -1),
        };
        let amount = i128::from(amount);
        if amount > 0 {
            Ok((debit, credit, amount, held * amount))
        } else {
            Err(Refusal::OutOfRange)
        }
    }

    /// Ends the hold, if the transfer ends one: once, and in its time.
    fn end(&mut self, transfer: &Transfer) -> Result<(), Refusal> {
        let (hold, posts) = match transfer.movement {
            Movement::Post { hold, .. } => (hold, true),
            Movement::Void { hold } | Movement::Expire { hold } => (hold, false),
            Movement::Hold { expires_at, .. } if expires_at == Some(PAST) => {
                return Err(Refusal::HoldExpired);
            }
            Movement::Hold { .. } | Movement::Move { .. } => return Ok(()),
        };
        if let Some(end) = self.book.ended.get(&hold) {
            let end = self.book.transfers.get(end).map(|end| end.movement);
            let freed = matches!(end, Some(Movement::Expire { .. }));
            return Err(if posts && freed {
                Refusal::HoldExpired
            } else {
                Refusal::HoldEnded
            });
        }
        self.book.ended.insert(hold, transfer.key.id());
        self.book.ends.push(hold);
        match (transfer.movement, self.book.expired.contains(&hold)) {
            (Movement::Post { .. }, true) => Err(Refusal::HoldExpired),
            (Movement::Expire { .. }, false) => Err(Refusal::HoldNotExpired),
            _ => Ok(()),
        }
    }

    fn change(
        &mut self,
        transfer: TransferId,
        account: Account,
        amount: i128,
        held: i128,
    ) -> Result<(), Refusal> {
        let after = self.book.accounts.entry(account).or_default();
        after.balance += amount;
        if !is_bounded(account.kind) {
            *self.book.stripes.entry((account, self.stripe)).or_default() += amount;
            return Ok(());
        }
        after.held += held;
        after.entries += 1;
        self.book.entries.push(Entry {
            account,
            transfer,
            amount,
            held,
            after: *after,
        });
        let fits = |sum: i128| i64::try_from(sum).is_ok();
        if !fits(after.balance) || !fits(after.held) {
            Err(Refusal::OutOfRange)
        } else if after.balance < 0 || !(0..=after.balance).contains(&after.held) {
            Err(Refusal::Insufficient)
        } else {
            Ok(())
        }
    }
}
