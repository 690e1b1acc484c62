//! `achievement_metrics`: how much of something a player has done.

use sea_orm::entity::prelude::*;
use time::OffsetDateTime;

/// How much of something a player has done.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "achievement_metrics")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub user_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub metric: String,
    pub value: i64,
    pub updated_at: OffsetDateTime,
}

impl ActiveModelBehavior for ActiveModel {}
