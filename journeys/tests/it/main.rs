//! The whole fleet: real services, real servers, and nothing but the public API to play it with.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test fails by panicking, and says what it leaves out"
)]

mod duel;
mod exchange;
mod fleet;
mod player;
mod programs;

mod app_page;
mod clients;
mod crashes;
mod demo;
mod outages;
mod readiness;
mod resumption;
mod rooms;
mod settings;
mod twice;
mod verification;
mod worked_example;
