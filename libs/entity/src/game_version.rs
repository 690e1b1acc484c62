//! `game_versions`: one version of a game's template.

use sea_orm::entity::prelude::*;
use time::OffsetDateTime;

/// One version of a game's template.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "game_versions")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub game_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub version: i32,
    #[sea_orm(column_type = "JsonBinary")]
    pub template: Json,
    pub created_at: OffsetDateTime,
}

impl ActiveModelBehavior for ActiveModel {}
