//! `friendships`: what two users are to each other.

use sea_orm::entity::prelude::*;
use time::OffsetDateTime;

/// How close two users are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text")]
pub enum FriendshipStatus {
    /// Nothing but that one of them blocks the other.
    #[sea_orm(string_value = "STRANGERS")]
    Strangers,
    /// One of them waits for an answer.
    #[sea_orm(string_value = "ASKED")]
    Asked,
    /// They are friends.
    #[sea_orm(string_value = "FRIENDS")]
    Friends,
}

/// What two users are to each other.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "friendships")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub one_id: Uuid,
    pub other_id: Uuid,
    pub status: FriendshipStatus,
    pub asked_by: Option<Uuid>,
    pub one_blocks: bool,
    pub other_blocks: bool,
    pub created_at: OffsetDateTime,
    pub updated_at: OffsetDateTime,
    pub one_blocked_at: Option<OffsetDateTime>,
    pub other_blocked_at: Option<OffsetDateTime>,
}

impl ActiveModelBehavior for ActiveModel {}
