//! The achievement service on real Postgres, NATS and Temporal, and its rules.
//! The rules stand here too: a build of the library for its own tests alone takes longer than all of them.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod definitions;
mod grants;
mod metric;
mod support;
mod terms;
