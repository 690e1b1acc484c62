//! `arena_participants`: a player as the engine keeps him.

use sea_orm::entity::prelude::*;

/// A player as the engine keeps him.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "arena_participants")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub battle_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub player_id: Uuid,
    pub number: i32,
    pub cash: i64,
    pub cards_left: i32,
    pub fills: i32,
    pub usage_second: i64,
    pub usage_in_second: i32,
    pub usage_orders: i32,
    pub usage_exits: i32,
}

impl ActiveModelBehavior for ActiveModel {}
