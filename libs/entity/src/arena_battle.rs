//! `arena_battles`: a battle as the engine keeps it.

use sea_orm::entity::prelude::*;

/// Where a battle stands in the engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text")]
pub enum ArenaStatus {
    /// It follows the market.
    #[sea_orm(string_value = "OPEN")]
    Open,
    /// It has a result.
    #[sea_orm(string_value = "FINAL")]
    Final,
    /// It was called off.
    #[sea_orm(string_value = "CANCELED")]
    Canceled,
    /// The market that it lived through is gone: an operator has given it up.
    #[sea_orm(string_value = "LOST")]
    Lost,
}

/// A battle as the engine keeps it.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "arena_battles")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub battle_id: Uuid,
    pub shard: i16,
    #[sea_orm(column_type = "JsonBinary")]
    pub terms: Json,
    pub status: ArenaStatus,
    pub log_number: i64,
    pub accepted: i64,
    pub last_effective_time_ms: Option<i64>,
    #[sea_orm(column_type = "JsonBinary")]
    pub finals: Json,
    pub ended_at: Option<i64>,
    #[sea_orm(column_type = "JsonBinary")]
    pub result: Option<Json>,
    pub sealed: bool,
}

impl ActiveModelBehavior for ActiveModel {}
