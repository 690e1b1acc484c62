//! The treasury on a real Postgres and a real NATS.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on fails where it stands"
)]

mod audit;
mod claims;
mod expiry;
mod settings;
mod stage;
mod wallets;
