//! `tickets`: a player's place in a queue or a room.

use sea_orm::entity::prelude::*;
use time::OffsetDateTime;

/// Where a ticket stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text")]
pub enum TicketStatus {
    /// It waits.
    #[sea_orm(string_value = "QUEUED")]
    Queued,
    /// It became a seat.
    #[sea_orm(string_value = "SEATED")]
    Seated,
    /// Its player took it back.
    #[sea_orm(string_value = "LEFT")]
    Left,
    /// It waited too long.
    #[sea_orm(string_value = "EXPIRED")]
    Expired,
    /// The creator of the room sent its player away.
    #[sea_orm(string_value = "KICKED")]
    Kicked,
}

/// A player's place in a queue, or in a room.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "tickets")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub game_id: Uuid,
    pub game_version: i32,
    pub player_id: Uuid,
    pub status: TicketStatus,
    pub hold_id: Option<Uuid>,
    pub cups: i64,
    pub queued_at_ms: i64,
    pub expires_at_ms: i64,
    pub battle_id: Option<Uuid>,
    pub room_id: Option<Uuid>,
    pub created_at: OffsetDateTime,
    pub updated_at: OffsetDateTime,
    pub estimated_wait_ms: Option<i64>,
    pub estimated_wait_error_ms: Option<i64>,
    pub seated_at_ms: Option<i64>,
    pub party_id: Option<Uuid>,
}

impl ActiveModelBehavior for ActiveModel {}
