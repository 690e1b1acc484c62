//! The ledger: keyed, append-only movements of money, items, experience and cups.
//!
//! [`post()`] inserts transfers; the database alone moves balances, refuses what would make one
//! negative, and keeps an entry per movement. [`check()`] recomputes everything and says what does
//! not fit; [`audit()`] does so in one snapshot. [`Verified`] looks at what was added since.

mod check;
mod escrow;
mod expiry;
mod post;
mod read;
mod verified;

pub use check::{Difference, audit, check, rules};
pub use domain::ledger::{Account, AccountKind, Movement, Refusal, Transfer, TransferKey, Unit};
pub use escrow::{Flow, flows, left_in};
pub use expiry::{ExpiredHold, list_expired};
pub use post::{Posted, open, post};
pub use read::{
    Balance, HistoryRow, balance, balances, find_transfer, history, list_accounts, lots, received,
};
pub use verified::{End, Verified};
