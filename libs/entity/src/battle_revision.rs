//! `battle_revisions`: the results of a battle, one after the other.

use sea_orm::entity::prelude::*;
use time::OffsetDateTime;

/// A result of a battle, and whom it leaves out for the first time.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "battle_revisions")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub battle_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub number: i32,
    pub winner_id: Option<Uuid>,
    pub player_id: Option<Uuid>,
    pub operator_id: Option<Uuid>,
    #[sea_orm(column_type = "Text", nullable)]
    pub reason: Option<String>,
    pub created_at: OffsetDateTime,
}

impl ActiveModelBehavior for ActiveModel {}
