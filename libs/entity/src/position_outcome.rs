//! `position_outcomes`: what became of a command to a battle.

use sea_orm::entity::prelude::*;
use time::OffsetDateTime;

/// What became of a command to a battle.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "position_outcomes")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub battle_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub player_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub request_id: Uuid,
    pub position_id: Option<Uuid>,
    #[sea_orm(column_type = "Text")]
    pub body_hash: String,
    #[sea_orm(column_type = "JsonBinary")]
    pub outcome: Json,
    pub created_at: OffsetDateTime,
}

impl ActiveModelBehavior for ActiveModel {}
