//! `ledger_accounts`: an account of one unit.

use sea_orm::entity::prelude::*;
use time::OffsetDateTime;

/// Whose an account is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text")]
pub enum AccountKind {
    /// A user's.
    #[sea_orm(string_value = "user")]
    User,
    /// The operator's.
    #[sea_orm(string_value = "house")]
    House,
    /// Nobody's yet: a battle keeps it.
    #[sea_orm(string_value = "escrow")]
    Escrow,
    /// The rest of the world's.
    #[sea_orm(string_value = "outside")]
    Outside,
}

/// An account of one unit.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "ledger_accounts")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub owner_id: Uuid,
    pub kind: AccountKind,
    #[sea_orm(column_type = "Text")]
    pub unit: String,
    pub expires_at_ms: Option<i64>,
    pub balance: i64,
    pub held: i64,
    pub entries: i64,
    pub created_at: OffsetDateTime,
}

impl ActiveModelBehavior for ActiveModel {}
