//! What two users are to each other.

use domain::friendship::{Counts, Relation, Standing};
use domain::id::{FriendshipId, UserId, derived};
use entity::friendship::{FriendshipStatus, Model};
use sea_orm::{ActiveEnum, ConnectionTrait, FromQueryResult};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::statement::statement;
use crate::{Error, Read, Result, Tx};

/// Two users, as the one who acts sees them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pair {
    /// Who acts.
    pub user: UserId,
    /// Towards whom.
    pub other: UserId,
}

/// What they are to each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Found {
    /// The row of the two.
    pub id: FriendshipId,
    /// As the one who acts sees it.
    pub relation: Relation,
}

#[derive(FromQueryResult)]
struct Count {
    count: i64,
}

#[derive(FromQueryResult)]
struct CountsRow {
    friends: i64,
    requests: i64,
    blocked: i64,
}

impl Pair {
    /// In the order of the row.
    fn ordered(self) -> (Uuid, Uuid) {
        let (user, other) = (self.user.uuid(), self.other.uuid());
        (user.min(other), user.max(other))
    }

    /// The row of the two: always the same, for a new one each time would tell whether there still
    /// was one, because the other blocks.
    pub fn id(self) -> FriendshipId {
        let (one, other) = self.ordered();
        derived(&[b"friendship", one.as_bytes(), other.as_bytes()]).into()
    }

    /// What a row says, as this user sees it.
    pub fn relation(self, row: &Model) -> Relation {
        let (blocks, is_blocked) = if row.one_id == self.user.uuid() {
            (row.one_blocks, row.other_blocks)
        } else {
            (row.other_blocks, row.one_blocks)
        };
        let standing = match row.status {
            FriendshipStatus::Strangers => Standing::Strangers,
            FriendshipStatus::Asked if row.asked_by == Some(self.user.uuid()) => Standing::Asked,
            FriendshipStatus::Asked => Standing::WasAsked,
            FriendshipStatus::Friends => Standing::Friends,
        };
        Relation {
            standing,
            blocks,
            is_blocked,
        }
    }
}

/// Takes the right to change what two users are to each other and to anybody else, for as long as
/// this transaction lives. False if one of them has no account.
pub async fn lock(tx: &Tx, pair: Pair) -> Result<bool> {
    let (one, other) = pair.ordered();
    let lock = statement(
        "SELECT count(*) AS count FROM (
             SELECT id FROM users WHERE id IN ($1, $2) AND deleted_at IS NULL
             ORDER BY id FOR NO KEY UPDATE) locked",
        [one.into(), other.into()],
    );
    let found = Count::find_by_statement(lock).one(tx.inner()).await?;
    Ok(found.is_some_and(|found| found.count == 2))
}

/// Finds what two users are to each other; none if nothing.
pub async fn find(from: &impl Read, pair: Pair) -> Result<Option<Found>> {
    let (one, other) = pair.ordered();
    let find = statement(
        "SELECT * FROM friendships WHERE one_id = $1 AND other_id = $2",
        [one.into(), other.into()],
    );
    let row = Model::find_by_statement(find).one(from.conn()).await?;
    Ok(row.map(|row| Found {
        id: row.id.into(),
        relation: pair.relation(&row),
    }))
}

/// How many others there are, besides these two.
pub async fn counts(from: &impl Read, pair: Pair) -> Result<Counts> {
    let count = statement(
        "SELECT
             greatest(
                 count(*) FILTER (WHERE status = 'FRIENDS' AND $1 IN (one_id, other_id)),
                 count(*) FILTER (WHERE status = 'FRIENDS' AND $2 IN (one_id, other_id)))
                 AS friends,
             count(*) FILTER (WHERE asked_by = $1) AS requests,
             count(*) FILTER (WHERE (one_id = $1 AND one_blocks) OR (other_id = $1 AND other_blocks))
                 AS blocked
         FROM friendships WHERE one_id IN ($1, $2) OR other_id IN ($1, $2)",
        [pair.user.uuid().into(), pair.other.uuid().into()],
    );
    let row = CountsRow::find_by_statement(count).one(from.conn()).await?;
    let row = row.ok_or_else(|| Error::corrupt("friendships", pair.user))?;
    let many = |count: i64| u32::try_from(count).unwrap_or(u32::MAX);
    Ok(Counts {
        friends: many(row.friends),
        requests: many(row.requests),
        blocked: many(row.blocked),
    })
}

/// Writes what two locked users are to each other from now on.
pub async fn write(
    tx: &Tx,
    id: FriendshipId,
    pair: Pair,
    relation: Relation,
    now: OffsetDateTime,
) -> Result<()> {
    let (one, other) = pair.ordered();
    let (status, asked_by) = match relation.standing {
        Standing::Strangers if !relation.blocks && !relation.is_blocked => {
            return delete(tx, id).await;
        }
        Standing::Strangers => (FriendshipStatus::Strangers, None),
        Standing::Asked => (FriendshipStatus::Asked, Some(pair.user.uuid())),
        Standing::WasAsked => (FriendshipStatus::Asked, Some(pair.other.uuid())),
        Standing::Friends => (FriendshipStatus::Friends, None),
    };
    let (one_blocks, other_blocks) = if one == pair.user.uuid() {
        (relation.blocks, relation.is_blocked)
    } else {
        (relation.is_blocked, relation.blocks)
    };
    let write = statement(
        "INSERT INTO friendships (id, one_id, other_id, status, asked_by, one_blocks, other_blocks,
             created_at, updated_at, one_blocked_at, other_blocked_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8, CASE WHEN $6 THEN $8 END,
             CASE WHEN $7 THEN $8 END)
         ON CONFLICT (id) DO UPDATE SET status = excluded.status, asked_by = excluded.asked_by,
             one_blocks = excluded.one_blocks, other_blocks = excluded.other_blocks,
             updated_at = excluded.updated_at,
             one_blocked_at = CASE WHEN excluded.one_blocks
                 THEN coalesce(friendships.one_blocked_at, excluded.updated_at) END,
             other_blocked_at = CASE WHEN excluded.other_blocks
                 THEN coalesce(friendships.other_blocked_at, excluded.updated_at) END",
        [
            id.uuid().into(),
            one.into(),
            other.into(),
            status.to_value().into(),
            asked_by.into(),
            one_blocks.into(),
            other_blocks.into(),
            now.into(),
        ],
    );
    tx.inner().execute_raw(write).await?;
    Ok(())
}

async fn delete(tx: &Tx, id: FriendshipId) -> Result<()> {
    let delete = statement("DELETE FROM friendships WHERE id = $1", [id.uuid().into()]);
    tx.inner().execute_raw(delete).await?;
    Ok(())
}

/// Forgets whatever a user is to anybody, as the account is closed.
pub async fn delete_all(tx: &Tx, user: UserId) -> Result<()> {
    let delete = statement(
        "DELETE FROM friendships WHERE one_id = $1 OR other_id = $1",
        [user.uuid().into()],
    );
    tx.inner().execute_raw(delete).await?;
    Ok(())
}
