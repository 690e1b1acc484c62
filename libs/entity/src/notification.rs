//! `notifications`: a message in a user's inbox.

use sea_orm::entity::prelude::*;
use time::OffsetDateTime;

/// A message in a user's inbox.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "notifications")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub user_id: Uuid,
    #[sea_orm(column_type = "Text")]
    pub kind: String,
    #[sea_orm(column_type = "JsonBinary")]
    pub notice: Json,
    pub created_at: OffsetDateTime,
    pub read_at: Option<OffsetDateTime>,
    pub number: i64,
}

impl ActiveModelBehavior for ActiveModel {}
