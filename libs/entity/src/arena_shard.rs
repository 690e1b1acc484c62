//! `arena_shards`: who runs a shard, and how far it has read.

use sea_orm::entity::prelude::*;
use time::OffsetDateTime;

/// Who runs a shard, and how far it has read.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "arena_shards")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub shard: i16,
    #[sea_orm(column_type = "Text")]
    pub owner: Option<String>,
    pub epoch: i64,
    pub lease_expires_at: OffsetDateTime,
    pub commits: i64,
    #[sea_orm(column_type = "JsonBinary")]
    pub market_state: Option<Json>,
    pub positions_incarnation: Option<i64>,
    pub positions_sequence: Option<i64>,
}

impl ActiveModelBehavior for ActiveModel {}
