//! `battle_results`: a sealed result.

use sea_orm::entity::prelude::*;
use time::OffsetDateTime;

/// A sealed result.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "battle_results")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub battle_id: Uuid,
    #[sea_orm(column_type = "JsonBinary")]
    pub result: Json,
    #[sea_orm(column_type = "Text")]
    pub record_sha256: String,
    pub sealed_at: OffsetDateTime,
}

impl ActiveModelBehavior for ActiveModel {}
