//! `chain_transactions`: a transaction that we signed.

use sea_orm::entity::prelude::*;
use time::OffsetDateTime;

/// A transaction that we signed.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "chain_transactions")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
    pub signature: String,
    pub withdrawal_id: Option<Uuid>,
    #[sea_orm(column_type = "Text")]
    pub account: String,
    #[sea_orm(column_type = "Text")]
    pub currency: String,
    pub amount: i64,
    #[sea_orm(column_type = "VarBinary(StringLen::None)")]
    pub bytes: Vec<u8>,
    pub last_valid_height: i64,
    pub signed_slot: i64,
    #[sea_orm(column_type = "Text")]
    pub status: String,
    pub created_at: OffsetDateTime,
    pub ended_at: Option<OffsetDateTime>,
    pub opens_account: bool,
}

impl ActiveModelBehavior for ActiveModel {}
