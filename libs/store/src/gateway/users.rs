//! People, with what they have earned.

use domain::id::UserId;
use sea_orm::FromQueryResult;
use time::OffsetDateTime;
use uuid::Uuid;

use super::{List, array};
use crate::statement::statement;
use crate::{Read, Result};

/// Somebody with an account. What of it others may see is for the gateway's types to say.
#[derive(Clone, Debug, PartialEq, Eq, FromQueryResult)]
pub struct Person {
    /// The user.
    pub id: Uuid,
    /// The mail address, in lower case.
    pub email: String,
    /// What the user is called.
    pub nick_name: String,
    /// Address of a picture.
    pub avatar: Option<String>,
    /// Experience earned so far.
    pub experience: i64,
    /// Cups held at present.
    pub cups: i64,
    /// The roles of staff, by name, separated by commas; empty for players.
    pub roles: String,
    /// Since when the account exists.
    pub created_at: OffsetDateTime,
    /// When it was last changed.
    pub updated_at: OffsetDateTime,
}

const PEOPLE: &str = "
    SELECT u.id, u.email, u.nick_name, u.avatar, u.created_at, u.updated_at,
        (extract(epoch FROM u.created_at) * 1000000)::bigint AS cursor_number, u.id AS cursor_id,
        coalesce((SELECT balance FROM ledger_accounts
            WHERE owner_id = u.id AND kind = 'user' AND unit = 'XP' AND expires_at_ms IS NULL), 0)
            AS experience,
        coalesce((SELECT balance FROM ledger_accounts
            WHERE owner_id = u.id AND kind = 'user' AND unit = 'CUPS' AND expires_at_ms IS NULL), 0)
            AS cups,
        coalesce((SELECT string_agg(role, ',' ORDER BY role) FROM staff_roles
            WHERE user_id = u.id), '') AS roles
    FROM users u WHERE u.deleted_at IS NULL";

/// Finds these users; those that do not exist are left out.
pub async fn find(from: &impl Read, users: &[UserId]) -> Result<Vec<Person>> {
    let sql = format!("{PEOPLE} AND u.id = ANY ($1)");
    let users = array(users.iter().map(|user| user.uuid()));
    Ok(Person::find_by_statement(statement(&sql, [users]))
        .all(from.conn())
        .await?)
}

/// Everybody, or those whose nickname begins with `nick_name`, whatever its case.
pub fn list(nick_name: Option<&str>) -> List<Person> {
    let sql =
        format!("{PEOPLE} AND ($1::text IS NULL OR starts_with(lower(u.nick_name), lower($1)))");
    List::new(sql, [nick_name.into()])
}
