//! `parties`: friends who enter games together.

use sea_orm::entity::prelude::*;
use time::OffsetDateTime;

/// Friends who enter games together.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "parties")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub leader_id: Uuid,
    pub created_at: OffsetDateTime,
    pub expires_at_ms: i64,
}

impl ActiveModelBehavior for ActiveModel {}
