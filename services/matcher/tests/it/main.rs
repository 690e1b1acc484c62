//! The matcher on a real Postgres and a real NATS.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on fails where it stands"
)]

mod cancel;
mod crashes;
mod games;
mod joining;
mod leaders;
mod opening;
mod outages;
mod parties;
mod races;
mod revisions;
mod rooms;
mod rows;
mod settings;
mod settlement;
mod stage;
mod templates;
mod waits;
