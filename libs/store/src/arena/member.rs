//! Which arenas live, by Postgres's clock: each has a duty of its own, which it renews.

use std::time::Duration;

use sea_orm::{ConnectionTrait, FromQueryResult};

use crate::db::sealed::Connected;
use crate::statement::statement;
use crate::{Db, Result};

/// The duty of being the arena `owner`.
fn duty(owner: &str) -> String {
    format!("member/{owner}")
}

#[derive(FromQueryResult)]
struct Live {
    live: i64,
}

/// Says that the arena `owner` lives for another `ttl`; answers how many live, it included. Those
/// that have been gone for a minute are forgotten.
pub async fn beat(db: &Db, owner: &str, ttl: Duration) -> Result<i64> {
    let beat = statement(
        "WITH me AS (
             INSERT INTO leases (name, owner, epoch, expires_at)
             VALUES ($1, $2, 1, clock_timestamp() + make_interval(secs => $3))
             ON CONFLICT (service, name) DO UPDATE SET expires_at = excluded.expires_at
         ), gone AS (
             DELETE FROM leases WHERE (service, name) IN (
                 SELECT service, name FROM leases
                 WHERE service = current_service() AND name LIKE 'member/%' AND name <> $1
                     AND expires_at < clock_timestamp() - interval '1 minute'
                 FOR UPDATE SKIP LOCKED)
         )
         SELECT count(*) + 1 AS live FROM leases
         WHERE service = current_service() AND name LIKE 'member/%' AND name <> $1
             AND expires_at > clock_timestamp()",
        [duty(owner).into(), owner.into(), ttl.as_secs_f64().into()],
    );
    let live = Live::find_by_statement(beat).one(db.conn()).await?;
    Ok(live.map_or(1, |row| row.live))
}

/// Says that the arena `owner` is going.
pub async fn leave(db: &Db, owner: &str) -> Result<()> {
    let leave = statement(
        "DELETE FROM leases WHERE service = current_service() AND name = $1",
        [duty(owner).into()],
    );
    db.conn().execute_raw(leave).await?;
    Ok(())
}
