//! `deposits`: something that came in on the chain.

use sea_orm::entity::prelude::*;
use time::OffsetDateTime;

/// Something that came in on the chain.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "deposits")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    #[sea_orm(column_type = "Text")]
    pub account: String,
    pub user_id: Option<Uuid>,
    #[sea_orm(column_type = "Text")]
    pub currency: String,
    pub amount: i64,
    pub credited: i64,
    #[sea_orm(column_type = "Text")]
    pub signature: String,
    pub slot: i64,
    pub created_at: OffsetDateTime,
}

impl ActiveModelBehavior for ActiveModel {}
