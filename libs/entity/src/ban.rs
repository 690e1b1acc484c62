//! `bans`: who was kept out, why, by whom and until when.

use sea_orm::entity::prelude::*;
use time::OffsetDateTime;

/// Somebody who was kept out.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "bans")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub user_id: Uuid,
    #[sea_orm(column_type = "Text")]
    pub reason: String,
    pub banned_by: Uuid,
    pub created_at: OffsetDateTime,
    pub expires_at: Option<OffsetDateTime>,
    pub lifted_by: Option<Uuid>,
    pub lifted_at: Option<OffsetDateTime>,
}

impl ActiveModelBehavior for ActiveModel {}
