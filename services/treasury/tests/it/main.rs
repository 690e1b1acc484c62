//! The treasury on a real Postgres and a real NATS.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on fails where it stands"
)]

mod audit;
mod busy_books;
mod chain_stage;
mod claims;
mod crashes;
mod deposits;
mod expiry;
mod heartbeats;
mod in_flight;
mod looks;
mod pairs;
mod secrets;
mod settings;
mod stage;
mod wallets;
mod withdrawals;
mod worst;
