//! `inbox`: a message that a consumer has handled.

use sea_orm::entity::prelude::*;
use time::OffsetDateTime;

/// A message that a consumer has handled.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "inbox")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub service: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub consumer: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub message_id: String,
    pub received_at: OffsetDateTime,
}

impl ActiveModelBehavior for ActiveModel {}
