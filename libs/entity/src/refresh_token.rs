//! `refresh_tokens`: a refresh token, by its SHA-256.

use sea_orm::entity::prelude::*;
use time::OffsetDateTime;

/// A refresh token, by its SHA-256.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "refresh_tokens")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub hash: Vec<u8>,
    pub session_id: Uuid,
    pub issued_at: OffsetDateTime,
    pub used_at: Option<OffsetDateTime>,
}

impl ActiveModelBehavior for ActiveModel {}
