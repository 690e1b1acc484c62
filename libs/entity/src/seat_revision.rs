//! `seat_revisions`: what each result of a battle came to for a player.

use sea_orm::entity::prelude::*;

/// What a result of a battle came to for a player.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "seat_revisions")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub battle_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub number: i32,
    #[sea_orm(primary_key, auto_increment = false)]
    pub player_id: Uuid,
    pub rank: i32,
    pub prize: i64,
    pub receivable: i64,
    pub cups_change: i64,
    pub experience_gained: i64,
}

impl ActiveModelBehavior for ActiveModel {}
