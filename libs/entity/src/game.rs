//! `games`: a game, whatever its version.

use sea_orm::entity::prelude::*;
use time::OffsetDateTime;

/// A game, whatever its version.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "games")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub is_active: bool,
    pub current_version: i32,
    pub created_at: OffsetDateTime,
    pub updated_at: OffsetDateTime,
    pub deleted_at: Option<OffsetDateTime>,
}

impl ActiveModelBehavior for ActiveModel {}
