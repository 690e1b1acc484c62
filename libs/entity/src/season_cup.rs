//! `season_cups`: what a user's cups are in a season, and in all of them together.

use sea_orm::entity::prelude::*;

/// What a user's cups are in a season.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "season_cups")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub user_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub season: i32,
    pub cups: i64,
}

impl ActiveModelBehavior for ActiveModel {}
