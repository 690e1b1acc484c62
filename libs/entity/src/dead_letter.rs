//! `dead_letters`: a message that waits for a person.

use sea_orm::entity::prelude::*;
use time::OffsetDateTime;

/// What a person did about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text")]
pub enum Resolution {
    /// It was published again.
    #[sea_orm(string_value = "REPLAYED")]
    Replayed,
    /// It was given up.
    #[sea_orm(string_value = "DROPPED")]
    Dropped,
}

/// A message that waits for a person.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "dead_letters")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub id: i64,
    #[sea_orm(column_type = "Text")]
    pub service: String,
    #[sea_orm(column_type = "Text")]
    pub consumer: String,
    #[sea_orm(column_type = "Text")]
    pub stream: String,
    pub stream_sequence: i64,
    #[sea_orm(column_type = "Text")]
    pub subject: String,
    #[sea_orm(column_type = "Text")]
    pub message_id: Option<String>,
    #[sea_orm(column_type = "JsonBinary")]
    pub headers: Json,
    #[sea_orm(column_type = "VarBinary(StringLen::None)")]
    pub payload: Vec<u8>,
    #[sea_orm(column_type = "Text")]
    pub cause: String,
    pub deliveries: i64,
    pub parked_at: OffsetDateTime,
    pub resolution: Option<Resolution>,
    pub resolved_at: Option<OffsetDateTime>,
}

impl ActiveModelBehavior for ActiveModel {}
