//! The notifications service on real Postgres, NATS and SMTP.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod delivery;
mod support;
