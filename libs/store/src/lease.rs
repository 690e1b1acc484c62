//! Duties that one process has at a time, by Postgres's clock.

use std::time::Duration;

use sea_orm::FromQueryResult;

use crate::db::sealed::Connected;
use crate::statement::statement;
use crate::{Db, Result, Tx};

/// A duty that this process has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lease {
    /// The duty, unique within the service.
    pub name: String,
    /// Who has it.
    pub owner: String,
    /// Rises whenever the duty changes hands.
    pub epoch: i64,
}

#[derive(FromQueryResult)]
struct Held {
    epoch: i64,
}

/// Takes or renews the duty `name` for `ttl`; none while somebody else has it.
///
/// The epoch stays while the owner does, and rises when it changes or when the lease had lapsed.
/// An owner's name is unique to its process.
pub async fn try_take(db: &Db, name: &str, owner: &str, ttl: Duration) -> Result<Option<Lease>> {
    let take = statement(
        "INSERT INTO leases AS l (name, owner, epoch, expires_at)
         VALUES ($1, $2, 1, clock_timestamp() + make_interval(secs => $3))
         ON CONFLICT (service, name) DO UPDATE SET
             owner = excluded.owner,
             epoch = CASE WHEN l.owner = excluded.owner AND l.expires_at > clock_timestamp()
                 THEN l.epoch ELSE l.epoch + 1 END,
             expires_at = excluded.expires_at
         WHERE l.owner = excluded.owner OR l.expires_at <= clock_timestamp()
         RETURNING epoch",
        [name.into(), owner.into(), ttl.as_secs_f64().into()],
    );
    let held = Held::find_by_statement(take).one(db.conn()).await?;
    Ok(held.map(|held| Lease {
        name: name.to_owned(),
        owner: owner.to_owned(),
        epoch: held.epoch,
    }))
}

/// Renews a duty; false if it has changed hands or lapsed.
pub async fn renew(db: &Db, lease: &Lease, ttl: Duration) -> Result<bool> {
    let renew = statement(
        "UPDATE leases SET expires_at = clock_timestamp() + make_interval(secs => $3)
         WHERE service = current_service() AND name = $1 AND epoch = $2
             AND expires_at > clock_timestamp()
         RETURNING epoch",
        [
            lease.name.clone().into(),
            lease.epoch.into(),
            ttl.as_secs_f64().into(),
        ],
    );
    Ok(Held::find_by_statement(renew)
        .one(db.conn())
        .await?
        .is_some())
}

/// Makes sure inside a transaction that the duty is still this process's, and stays so until the
/// transaction ends.
pub async fn still_held(tx: &Tx, lease: &Lease) -> Result<bool> {
    let check = statement(
        "SELECT epoch FROM leases
         WHERE service = current_service() AND name = $1 AND epoch = $2
             AND expires_at > clock_timestamp()
         FOR UPDATE",
        [lease.name.clone().into(), lease.epoch.into()],
    );
    Ok(Held::find_by_statement(check)
        .one(tx.inner())
        .await?
        .is_some())
}

/// Gives a duty up, so that somebody else can take it at once.
pub async fn release(db: &Db, lease: &Lease) -> Result<()> {
    let release = statement(
        "UPDATE leases SET expires_at = 'epoch', owner = NULL
         WHERE service = current_service() AND name = $1 AND epoch = $2 RETURNING epoch",
        [lease.name.clone().into(), lease.epoch.into()],
    );
    Held::find_by_statement(release).one(db.conn()).await?;
    Ok(())
}
