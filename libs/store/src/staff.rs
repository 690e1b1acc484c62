//! Who works here. Players never come by a role.

use contracts::staff::StaffRole;
use domain::id::UserId;
use sea_orm::{ConnectionTrait, FromQueryResult};
use uuid::Uuid;

use crate::statement::statement;
use crate::user::NewUser;
use crate::{Error, Result, Tx, user};

#[derive(FromQueryResult)]
struct Account {
    id: Uuid,
}

/// Gives the account with this mail address a role, and makes the account if there is none.
/// Answers whose it is. Doing it again changes nothing.
pub async fn hire(tx: &Tx, new: &NewUser<'_>, role: StaffRole) -> Result<UserId> {
    user::insert(tx, new).await?;
    let find = statement("SELECT id FROM users WHERE email = $1", [new.email.into()]);
    let account = Account::find_by_statement(find)
        .one(tx.inner())
        .await?
        .ok_or_else(|| Error::corrupt("users", new.id))?;
    let grant = statement(
        "INSERT INTO staff_roles (user_id, role) VALUES ($1, $2) ON CONFLICT DO NOTHING",
        [account.id.into(), role.name().into()],
    );
    tx.inner().execute_raw(grant).await?;
    Ok(account.id.into())
}
