//! `battle_log`: an entry of a battle's log.

use sea_orm::entity::prelude::*;

/// An entry of a battle's log.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "battle_log")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub battle_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub number: i64,
    #[sea_orm(column_type = "JsonBinary")]
    pub entry: Json,
}

impl ActiveModelBehavior for ActiveModel {}
