//! `staff_roles`: a role of a member of the staff.

use sea_orm::entity::prelude::*;
use time::OffsetDateTime;

/// A role of a member of the staff.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "staff_roles")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub user_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub role: String,
    pub granted_at: OffsetDateTime,
}

impl ActiveModelBehavior for ActiveModel {}
