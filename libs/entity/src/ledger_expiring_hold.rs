//! `ledger_expiring_holds`: a hold that can expire and has not ended.

use sea_orm::entity::prelude::*;

/// A hold that can expire and has not ended.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "ledger_expiring_holds")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub hold_id: Uuid,
    pub expires_at_ms: i64,
}

impl ActiveModelBehavior for ActiveModel {}
