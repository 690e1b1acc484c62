//! The notifications service on real Postgres, NATS and SMTP.

mod delivery;
mod support;
