//! `deliveries`: a message that left the house.

use sea_orm::entity::prelude::*;
use time::OffsetDateTime;

/// How it was delivered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text")]
pub enum Channel {
    /// By mail.
    #[sea_orm(string_value = "EMAIL")]
    Email,
    /// To a device.
    #[sea_orm(string_value = "PUSH")]
    Push,
    /// Into the app.
    #[sea_orm(string_value = "IN_APP")]
    InApp,
}

/// A message that left the house.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "deliveries")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub message_id: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub channel: Channel,
    pub user_id: Option<Uuid>,
    #[sea_orm(column_type = "Text")]
    pub kind: String,
    pub delivered_at: OffsetDateTime,
}

impl ActiveModelBehavior for ActiveModel {}
