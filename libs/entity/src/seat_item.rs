//! `seat_items`: uses of an item that a player took into a battle, by lot.

use sea_orm::entity::prelude::*;

/// Uses of an item that a player took into a battle, by lot.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "seat_items")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub battle_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub player_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub lot_id: Uuid,
    #[sea_orm(column_type = "Text")]
    pub unit: String,
    pub moved: i64,
    pub returned: Option<i64>,
}

impl ActiveModelBehavior for ActiveModel {}
