//! `withdrawals`: money on its way to the chain.

use sea_orm::entity::prelude::*;
use time::OffsetDateTime;

/// Money on its way to the chain.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "withdrawals")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub user_id: Uuid,
    #[sea_orm(column_type = "Text")]
    pub currency: String,
    pub amount: i64,
    pub fee: i64,
    #[sea_orm(column_type = "Text")]
    pub address: String,
    #[sea_orm(column_type = "Text")]
    pub status: String,
    pub reviewer_id: Option<Uuid>,
    #[sea_orm(column_type = "Text", nullable)]
    pub reason: Option<String>,
    #[sea_orm(column_type = "Text", nullable)]
    pub signature: Option<String>,
    pub expires_at_ms: i64,
    #[sea_orm(column_type = "Text", nullable)]
    pub told_status: Option<String>,
    pub created_at: OffsetDateTime,
    pub updated_at: OffsetDateTime,
    pub tried_at: Option<OffsetDateTime>,
}

impl ActiveModelBehavior for ActiveModel {}
