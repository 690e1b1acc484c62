//! Money in and out: wallets, deposits and withdrawals on Solana, and in development mode play money
//! and items for nothing. Audits the ledger, which others write too, and frees the holds in it that
//! have expired. The only process that can sign.

mod addresses;
mod app;
mod auditor;
mod claim;
mod custody;
mod error;
mod foreman;
mod gatherer;
mod handlers;
mod notices;
mod payouts;
mod reconciler;
mod scanner;
mod serve;
mod settings;
mod sweeper;
mod transactions;
mod workflow;

pub use serve::{SERVICE, serve};
pub use settings::{Audit, Chain, Holds, Items, PlayMoney, Settings, Withdrawals};
