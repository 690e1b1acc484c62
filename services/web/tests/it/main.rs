//! The gateway on a real Postgres, NATS and Redis, through HTTP, server-sent events and
//! WebSocket.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on fails where it stands"
)]

mod accounts;
mod bans;
mod candles;
mod client;
mod clients;
mod contract;
mod decimals;
mod documents;
mod events;
mod explorer;
mod friends;
mod games;
mod http;
mod joining;
mod keys;
mod leaderboard;
mod limits;
mod matrix;
mod money;
mod nodes;
mod operations;
mod orders;
mod paging;
mod parties;
mod passwords;
mod permissions;
mod plans;
mod protocol;
mod records;
mod replicas;
mod resumption;
mod rooms;
mod rows;
mod secrecy;
mod sign_in;
mod socket;
mod solana;
mod stage;
mod starting;
mod statements;
mod subscriptions;
mod throttle;
mod way;
mod withdrawals;
