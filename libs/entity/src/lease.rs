//! `leases`: a duty that one process has at a time.

use sea_orm::entity::prelude::*;
use time::OffsetDateTime;

/// A duty that one process has at a time.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "leases")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub service: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub name: String,
    #[sea_orm(column_type = "Text")]
    pub owner: Option<String>,
    pub epoch: i64,
    pub expires_at: OffsetDateTime,
}

impl ActiveModelBehavior for ActiveModel {}
