//! `audit_records`: a battle's audit record.

use sea_orm::entity::prelude::*;
use time::OffsetDateTime;

/// A battle's audit record.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "audit_records")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub battle_id: Uuid,
    #[sea_orm(column_type = "Text")]
    pub sha256: String,
    pub created_at: OffsetDateTime,
    pub size: i64,
}

impl ActiveModelBehavior for ActiveModel {}
