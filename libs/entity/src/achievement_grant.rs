//! `achievement_grants`: an achievement that was earned.

use sea_orm::entity::prelude::*;
use time::OffsetDateTime;

/// An achievement that was earned.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "achievement_grants")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub definition_id: Uuid,
    pub user_id: Uuid,
    pub granted_at: OffsetDateTime,
}

impl ActiveModelBehavior for ActiveModel {}
