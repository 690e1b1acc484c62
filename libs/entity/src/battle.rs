//! `battles`: a match of a game.

use sea_orm::entity::prelude::*;
use time::OffsetDateTime;

/// How players came together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text")]
pub enum BattleOrigin {
    /// Matchmaking did it.
    #[sea_orm(string_value = "QUEUE")]
    Queue,
    /// Somebody made a room.
    #[sea_orm(string_value = "ROOM")]
    Room,
}

/// Where a battle stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text")]
pub enum BattleStatus {
    /// It waits for players.
    #[sea_orm(string_value = "WAITING")]
    Waiting,
    /// It runs.
    #[sea_orm(string_value = "OPEN")]
    Open,
    /// Its time is up; its result is awaited.
    #[sea_orm(string_value = "SETTLING")]
    Settling,
    /// It is paid.
    #[sea_orm(string_value = "CLOSED")]
    Closed,
    /// It was called off.
    #[sea_orm(string_value = "CANCELED")]
    Canceled,
}

/// A match of a game.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "battles")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub game_id: Uuid,
    pub game_version: i32,
    #[sea_orm(column_type = "JsonBinary")]
    pub template: Json,
    pub origin: BattleOrigin,
    pub creator_id: Option<Uuid>,
    #[sea_orm(column_type = "Text")]
    pub invite_code: Option<String>,
    pub expires_at_ms: Option<i64>,
    pub status: BattleStatus,
    pub ranked: bool,
    pub shard: i16,
    pub start_time_ms: Option<i64>,
    pub end_time_ms: Option<i64>,
    pub clock_offset_ns: Option<i64>,
    pub winner_id: Option<Uuid>,
    #[sea_orm(column_type = "Text")]
    pub record_sha256: Option<String>,
    pub created_at: OffsetDateTime,
    pub updated_at: OffsetDateTime,
    pub revision: i32,
}

impl ActiveModelBehavior for ActiveModel {}
