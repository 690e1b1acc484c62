//! What the reference keeps, in maps, and how it was at some moment.

use std::collections::{BTreeMap, HashMap, HashSet};

use domain::id::TransferId;
use domain::ledger::{Account, Transfer};

/// What an account holds. Unbounded here: what does not fit is refused in the end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Sums {
    pub(crate) balance: i128,
    pub(crate) held: i128,
    pub(crate) entries: i64,
}

/// What a transfer did to a user's or an escrow's account, and what that held afterwards.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) account: Account,
    pub(crate) transfer: TransferId,
    pub(crate) amount: i128,
    pub(crate) held: i128,
    pub(crate) after: Sums,
}

pub(crate) type Accounts = BTreeMap<Account, Sums>;
pub(crate) type Stripes = BTreeMap<(Account, i16), i128>;

#[derive(Debug, Default)]
pub(crate) struct Book {
    pub(crate) accounts: Accounts,
    pub(crate) stripes: Stripes,
    pub(crate) transfers: HashMap<TransferId, Transfer>,
    /// The transfers in their order.
    pub(crate) order: Vec<TransferId>,
    /// The entries in their order.
    pub(crate) entries: Vec<Entry>,
    /// What ended each hold.
    pub(crate) ended: HashMap<TransferId, TransferId>,
    /// The holds that ended, in their order.
    pub(crate) ends: Vec<TransferId>,
    /// The holds whose time is up.
    pub(crate) expired: HashSet<TransferId>,
}

/// How everything was at some moment.
pub(crate) struct Mark {
    pub(crate) accounts: Accounts,
    pub(crate) stripes: Stripes,
    pub(crate) transfers: usize,
    entries: usize,
    ends: usize,
}

impl Book {
    pub(crate) fn mark(&self) -> Mark {
        Mark {
            accounts: self.accounts.clone(),
            stripes: self.stripes.clone(),
            transfers: self.order.len(),
            entries: self.entries.len(),
            ends: self.ends.len(),
        }
    }

    /// Takes back whatever happened since.
    pub(crate) fn restore(&mut self, mark: Mark) {
        for id in self.order.drain(mark.transfers..) {
            self.transfers.remove(&id);
        }
        for hold in self.ends.drain(mark.ends..) {
            self.ended.remove(&hold);
        }
        self.entries.truncate(mark.entries);
        (self.accounts, self.stripes) = (mark.accounts, mark.stripes);
    }
}
