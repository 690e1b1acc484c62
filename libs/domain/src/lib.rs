//! The rules of the game: pure, deterministic, integer.
//!
//! No I/O, no clock, no randomness, no float, no panic and no unchecked arithmetic.

#![cfg_attr(
    not(test),
    deny(
        clippy::arithmetic_side_effects,
        clippy::as_conversions,
        clippy::expect_used,
        clippy::float_arithmetic,
        clippy::indexing_slicing,
        clippy::panic,
        clippy::string_slice,
        clippy::unreachable,
        clippy::unwrap_used
    )
)]

pub mod achievement;
pub mod battle;
pub mod candle;
pub mod chips;
pub mod decimal;
pub mod engine;
mod exact;
#[cfg(test)]
mod fixture;
pub mod friendship;
pub mod game;
pub mod id;
pub mod ledger;
pub mod level;
pub mod leverage;
pub mod market;
pub mod matchmaking;
pub mod money;
pub mod order;
pub mod party;
pub mod position;
pub mod price;
pub mod ranking;
pub mod record;
pub mod room;
pub mod season;
pub mod symbol;
pub mod timestamp;
