//! The gateway on a real Postgres, NATS and Redis, through HTTP, server-sent events and
//! WebSocket.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on fails where it stands"
)]

mod client;
mod decimals;
mod events;
mod explorer;
mod games;
mod joining;
mod limits;
mod money;
mod nodes;
mod operations;
mod orders;
mod paging;
mod permissions;
mod records;
mod rooms;
mod rows;
mod secrecy;
mod sign_in;
mod socket;
mod stage;
mod starting;
mod subscriptions;
