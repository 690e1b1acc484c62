//! Postgres: what must not be lost. Reads go through [`Read`], writes need a [`Tx`], and money
//! moves only through [`ledger`]. Nothing here decides anything.

mod arrays;
mod columns;
mod db;
pub mod dead_letter;
mod error;
pub mod inbox;
mod json;
mod kept;
pub mod lease;
pub mod ledger;
pub mod outbox;
pub mod outcome;
pub mod page;
mod settings;
mod statement;
mod tx;

pub mod achievement;
pub mod arena;
pub mod ban;
pub mod battle;
pub mod chain;
pub mod friendship;
pub mod game;
pub mod gateway;
pub mod notification;
pub mod party;
pub mod record;
pub mod revision;
pub mod room;
pub mod season;
pub mod seat;
pub mod session;
pub mod staff;
pub mod ticket;
pub mod user;
pub mod withdrawal;

pub use db::{Db, Read};
pub use entity;
pub use error::{Error, Result};
pub use page::{Page, Rows};
pub use settings::Settings;
pub use tx::Tx;
