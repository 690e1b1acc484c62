//! Who meets whom, and who gets paid: tickets, battles, settlement. The only writer of a battle's
//! status.

mod app;
mod cancel;
mod error;
mod expiry;
mod handlers;
mod joins;
mod leader;
mod lots;
mod notices;
mod opening;
mod parties;
mod payout;
mod places;
mod postings;
mod queues;
mod revision;
mod rooms;
mod serve;
mod settings;
mod settlement;

pub use serve::{SERVICE, serve};
pub use settings::{Days, Leader, Rewards, Settings};
