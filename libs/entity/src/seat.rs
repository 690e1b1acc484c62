//! `seats`: a player's place in a battle, and what came of it.

use sea_orm::entity::prelude::*;

/// A player's place in a battle, and what came of it.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "seats")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub battle_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub number: i16,
    pub participant_id: Uuid,
    pub player_id: Uuid,
    pub ticket_id: Option<Uuid>,
    pub cups: i64,
    pub experience: i64,
    pub rank: Option<i32>,
    pub final_equity: Option<i64>,
    pub fills: Option<i32>,
    pub prize: Option<i64>,
    pub cups_change: Option<i64>,
    pub experience_gained: Option<i64>,
    #[sea_orm(column_type = "Text", nullable)]
    pub void_reason: Option<String>,
}

impl ActiveModelBehavior for ActiveModel {}
