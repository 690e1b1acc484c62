//! `ledger_stripes`: a part of the balance of a house or outside account.

use sea_orm::entity::prelude::*;

/// A part of the balance of a house or outside account.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "ledger_stripes")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub account_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub stripe: i16,
    pub balance: i64,
}

impl ActiveModelBehavior for ActiveModel {}
