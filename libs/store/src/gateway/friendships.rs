//! A user's friends, requests and blocks, as the user sees them.

use domain::id::{FriendshipId, UserId};
use sea_orm::{ActiveEnum, DeriveActiveEnum, EnumIter, FromQueryResult};
use time::OffsetDateTime;
use uuid::Uuid;

use super::{List, array};
use crate::statement::statement;
use crate::{Read, Result};

/// What somebody is to a user.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text")]
pub enum Kind {
    /// A friend.
    #[sea_orm(string_value = "FRIENDS")]
    Friends,
    /// Somebody whom the user has asked.
    #[sea_orm(string_value = "REQUESTED")]
    Requested,
    /// Somebody who has asked the user.
    #[sea_orm(string_value = "RECEIVED")]
    Received,
    /// Somebody whom the user blocks.
    #[sea_orm(string_value = "BLOCKED")]
    Blocked,
}

/// What somebody is to a user.
#[derive(Clone, Debug, PartialEq, Eq, FromQueryResult)]
pub struct Friendship {
    /// The friendship.
    pub id: Uuid,
    /// The other.
    pub user_id: Uuid,
    /// What the other is.
    pub kind: Kind,
    /// When one of them first asked, or the user blocked the other.
    pub created_at: OffsetDateTime,
    /// When it last changed.
    pub updated_at: OffsetDateTime,
}

/// Whoever is blocked does not see it, in the moments of what is his own neither.
const OWN: &str = "
    SELECT f.id, coalesce(own.blocked_at, f.created_at) AS created_at,
        coalesce(own.blocked_at, f.updated_at) AS updated_at,
        CASE WHEN f.one_id = $1 THEN f.other_id ELSE f.one_id END AS user_id,
        CASE WHEN f.status = 'STRANGERS' THEN 'BLOCKED'
            WHEN f.status = 'FRIENDS' THEN 'FRIENDS'
            WHEN f.asked_by = $1 THEN 'REQUESTED'
            ELSE 'RECEIVED' END AS kind,
        (extract(epoch FROM coalesce(own.blocked_at, f.created_at)) * 1000000)::bigint
            AS cursor_number, f.id AS cursor_id
    FROM friendships f
    CROSS JOIN LATERAL (
        SELECT CASE WHEN f.one_id = $1 THEN f.one_blocked_at ELSE f.other_blocked_at END
            AS blocked_at) own
    WHERE ((f.one_id = $1 AND (f.one_blocks OR f.status <> 'STRANGERS'))
        OR (f.other_id = $1 AND (f.other_blocks OR f.status <> 'STRANGERS')))";

/// Finds those of these friendships that are this user's.
pub async fn find(
    from: &impl Read,
    user: UserId,
    friendships: &[FriendshipId],
) -> Result<Vec<Friendship>> {
    let sql = format!("{OWN} AND f.id = ANY ($2)");
    let friendships = array(friendships.iter().map(|friendship| friendship.uuid()));
    let find = statement(&sql, [user.uuid().into(), friendships]);
    Ok(Friendship::find_by_statement(find).all(from.conn()).await?)
}

/// Finds what somebody is to this user, if anything.
pub async fn find_with(
    from: &impl Read,
    user: UserId,
    other: UserId,
) -> Result<Option<Friendship>> {
    let sql = format!("{OWN} AND $2 IN (f.one_id, f.other_id)");
    let find = statement(&sql, [user.uuid().into(), other.uuid().into()]);
    Ok(Friendship::find_by_statement(find).one(from.conn()).await?)
}

/// The user's friendships, or those with users who are this.
pub fn list(user: UserId, kind: Option<Kind>) -> List<Friendship> {
    let sql = format!("SELECT * FROM ({OWN}) AS own WHERE ($2::text IS NULL OR kind = $2)");
    let kind = kind.map(|kind| kind.to_value());
    List::new(sql, [user.uuid().into(), kind.into()])
}
