//! `outbox`: a message that waits to be published.

use sea_orm::entity::prelude::*;
use time::OffsetDateTime;

/// A message that waits to be published.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "outbox")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub number: i64,
    #[sea_orm(column_type = "Text")]
    pub service: String,
    pub bucket: i16,
    pub aggregate_id: Uuid,
    pub version: i64,
    #[sea_orm(column_type = "Text")]
    pub subject: String,
    #[sea_orm(column_type = "Text")]
    pub payload: String,
    #[sea_orm(column_type = "JsonBinary")]
    pub headers: Json,
    pub created_at: OffsetDateTime,
    pub published_at: Option<OffsetDateTime>,
}

impl ActiveModelBehavior for ActiveModel {}
