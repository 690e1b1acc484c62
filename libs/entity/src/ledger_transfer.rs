//! `ledger_transfers`: a movement between two accounts.

use sea_orm::entity::prelude::*;
use time::OffsetDateTime;

/// How far a transfer goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text")]
pub enum Phase {
    /// It moves at once.
    #[sea_orm(string_value = "single")]
    Single,
    /// It holds the amount.
    #[sea_orm(string_value = "pending")]
    Pending,
    /// It moves what was held.
    #[sea_orm(string_value = "post")]
    Post,
    /// It frees what was held.
    #[sea_orm(string_value = "void")]
    Void,
    /// It frees what was held, because that has expired.
    #[sea_orm(string_value = "expire")]
    Expire,
}

/// A movement between two accounts.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "ledger_transfers")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub number: i64,
    pub debit_id: Uuid,
    pub credit_id: Option<Uuid>,
    #[sea_orm(column_type = "Text")]
    pub unit: String,
    pub amount: i64,
    pub phase: Phase,
    pub pending_id: Option<Uuid>,
    pub expires_at_ms: Option<i64>,
    #[sea_orm(column_type = "Text")]
    pub kind: String,
    pub reference_id: Uuid,
    #[sea_orm(column_type = "Text")]
    pub key: String,
    #[sea_orm(column_type = "Text")]
    pub body_hash: String,
    pub created_at: OffsetDateTime,
}

impl ActiveModelBehavior for ActiveModel {}
