//! `party_members`: who is in a party, or may come in.

use sea_orm::entity::prelude::*;
use time::OffsetDateTime;

/// Somebody who is in a party, or may come in.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "party_members")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub party_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub player_id: Uuid,
    pub invited_at: OffsetDateTime,
    pub joined_at: Option<OffsetDateTime>,
    pub ready_for: Option<Uuid>,
}

impl ActiveModelBehavior for ActiveModel {}
