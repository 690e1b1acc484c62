//! `ledger_entries`: what a transfer did to an account.

use sea_orm::entity::prelude::*;

/// What a transfer did to an account.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "ledger_entries")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub account_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub number: i64,
    pub transfer_id: Uuid,
    pub amount: i64,
    pub held: i64,
    pub balance_after: i64,
    pub held_after: i64,
}

impl ActiveModelBehavior for ActiveModel {}
