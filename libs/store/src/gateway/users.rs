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
    pub email: Option<String>,
    /// The wallet on Solana that signs in.
    pub solana_address: Option<String>,
    /// Whether there is a password.
    pub has_password: bool,
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
    /// Since when the last ban stands that nobody lifted.
    pub banned_at: Option<OffsetDateTime>,
    /// Why.
    pub ban_reason: Option<String>,
    /// Until when; it may be over.
    pub ban_expires_at: Option<OffsetDateTime>,
}

const PEOPLE: &str = "
    SELECT u.id, u.email, u.nick_name, u.avatar, u.created_at, u.updated_at, u.solana_address,
        u.password_hash IS NOT NULL AS has_password, b.created_at AS banned_at,
        b.reason AS ban_reason, b.expires_at AS ban_expires_at,
        (extract(epoch FROM u.created_at) * 1000000)::bigint AS cursor_number, u.id AS cursor_id,
        coalesce((SELECT balance FROM ledger_accounts
            WHERE owner_id = u.id AND kind = 'user' AND unit = 'XP' AND expires_at_ms IS NULL), 0)
            AS experience,
        coalesce((SELECT balance FROM ledger_accounts
            WHERE owner_id = u.id AND kind = 'user' AND unit = 'CUPS' AND expires_at_ms IS NULL), 0)
            AS cups,
        coalesce((SELECT string_agg(role, ',' ORDER BY role) FROM staff_roles
            WHERE user_id = u.id), '') AS roles
    FROM users u LEFT JOIN bans b ON b.user_id = u.id AND b.lifted_at IS NULL";

/// Finds these users; those that do not exist are left out, and those whose accounts are closed.
pub async fn find(from: &impl Read, users: &[UserId]) -> Result<Vec<Person>> {
    select(from, "u.deleted_at IS NULL AND u.id = ANY ($1)", users).await
}

/// Finds these users, with those whose accounts are closed: what was personal is gone there.
pub async fn find_named(from: &impl Read, users: &[UserId]) -> Result<Vec<Person>> {
    select(from, "u.id = ANY ($1)", users).await
}

async fn select(from: &impl Read, which: &str, users: &[UserId]) -> Result<Vec<Person>> {
    let sql = format!("{PEOPLE} WHERE {which}");
    let users = array(users.iter().map(|user| user.uuid()));
    Ok(Person::find_by_statement(statement(&sql, [users]))
        .all(from.conn())
        .await?)
}

/// Everybody, or those whose nickname begins with `nick_name`, whatever its case.
pub fn list(nick_name: Option<&str>) -> List<Person> {
    let sql = format!(
        "{PEOPLE} WHERE u.deleted_at IS NULL
                 AND ($1::text IS NULL OR starts_with(lower(u.nick_name), lower($1)))"
    );
    List::new(sql, [nick_name.into()])
}
