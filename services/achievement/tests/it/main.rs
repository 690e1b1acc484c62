//! The achievement service on real Postgres, NATS and Temporal.

mod definitions;
mod grants;
mod support;
