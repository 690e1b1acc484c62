//! Money in and out: wallets, and in development mode play money and items for nothing. Audits
//! the ledger, which others write too, and frees the holds in it that have expired. No chain is
//! linked yet.

mod app;
mod auditor;
mod claim;
mod error;
mod handlers;
mod serve;
mod settings;
mod sweeper;

pub use serve::{SERVICE, serve};
pub use settings::{Audit, Holds, Items, PlayMoney, Settings};
