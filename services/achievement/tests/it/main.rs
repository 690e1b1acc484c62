//! The achievement service on real Postgres, NATS and Temporal.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod definitions;
mod grants;
mod support;
