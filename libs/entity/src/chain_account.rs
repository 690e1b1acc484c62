//! `chain_accounts`: an account of ours on the chain.

use sea_orm::entity::prelude::*;
use time::OffsetDateTime;

/// An account of ours on the chain, and how far it was seen.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "chain_accounts")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
    pub account: String,
    #[sea_orm(column_type = "Text")]
    pub address: String,
    pub key_index: i64,
    pub user_id: Option<Uuid>,
    #[sea_orm(column_type = "Text")]
    pub currency: String,
    #[sea_orm(column_type = "Text", nullable)]
    pub genesis: Option<String>,
    #[sea_orm(column_type = "Text", nullable)]
    pub cursor: Option<String>,
    pub cursor_slot: Option<i64>,
    #[sea_orm(column_type = "Text", nullable)]
    pub scan_head: Option<String>,
    pub scan_head_slot: Option<i64>,
    #[sea_orm(column_type = "Text", nullable)]
    pub scan_before: Option<String>,
    #[sea_orm(column_type = "Text", nullable)]
    pub scan_last: Option<String>,
    pub scanned_at: Option<OffsetDateTime>,
    pub tried_at: Option<OffsetDateTime>,
    pub paged_at: Option<OffsetDateTime>,
    pub waiting: i64,
    pub to_gather: i64,
    pub created_at: OffsetDateTime,
}

impl ActiveModelBehavior for ActiveModel {}
