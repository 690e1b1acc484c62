//! The tables, as SeaORM entities, and nothing else. A field is its column; the units stand in the
//! column's name and in the migration.

pub mod achievement_definition;
pub mod achievement_grant;
pub mod achievement_metric;
pub mod arena_battle;
pub mod arena_participant;
pub mod arena_shard;
pub mod audit_record;
pub mod audit_record_part;
pub mod battle;
pub mod battle_log;
pub mod battle_result;
pub mod battle_revision;
pub mod command_outcome;
pub mod dead_letter;
pub mod delivery;
pub mod game;
pub mod game_version;
pub mod inbox;
pub mod lease;
pub mod ledger_account;
pub mod ledger_entry;
pub mod ledger_stripe;
pub mod ledger_transfer;
pub mod notification;
pub mod outbox;
pub mod position;
pub mod position_outcome;
pub mod refresh_token;
pub mod seat;
pub mod seat_item;
pub mod seat_revision;
pub mod session;
pub mod staff_role;
pub mod ticket;
pub mod user;
