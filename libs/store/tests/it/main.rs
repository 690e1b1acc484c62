//! The store on a real Postgres: what the database refuses, whoever asks.

#![expect(
    clippy::unwrap_used,
    reason = "helpers of tests, too, end the test on a failure"
)]

mod chain;
mod connections;
mod entities;
mod errors;
mod leases;
mod ledger;
mod ledger_audit;
mod ledger_expiry;
mod ledger_model;
mod ledger_races;
mod ledger_verified;
mod messages;
mod roles;
mod sessions;
mod stage;
