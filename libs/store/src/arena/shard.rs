//! Who runs a shard, by Postgres's clock, and how far it has read.

use std::time::Duration;

use contracts::shard::Shard;
use contracts::stream::StreamPlace;
use domain::battle::MarketState;
use domain::market::Incarnation;
use entity::arena_shard::Model;
use sea_orm::{ConnectionTrait, FromQueryResult, Statement};

use crate::db::sealed::Connected;
use crate::statement::statement;
use crate::{Db, Error, Read, Result, Tx, json};

/// A shard that this process runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lease {
    /// Which.
    pub shard: Shard,
    /// Rises with every owner; a commit under an older one is refused.
    pub epoch: i64,
}

/// How far a shard has read, and what it knows of the market there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// The market, with the last entry of MARKET that was applied.
    pub market: MarketState,
    /// The last entry of POSITIONS that was applied.
    pub positions: StreamPlace,
}

/// A shard's row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShardRow {
    /// Who may write.
    pub lease: Lease,
    /// How many commits the shard has seen: the next one must find this number.
    pub commits: i64,
    /// How far it has read; none before the first commit.
    pub checkpoint: Option<Checkpoint>,
}

/// Takes up to `limit` shards that nobody runs or whose lease has lapsed, but none of `except`.
/// One whose owner is stuck inside a transaction is left for later.
pub async fn take(
    db: &Db,
    owner: &str,
    ttl: Duration,
    limit: u8,
    except: &[Shard],
) -> Result<Vec<ShardRow>> {
    let except: Vec<i16> = except.iter().map(|shard| i16::from(shard.get())).collect();
    let take = statement(
        "UPDATE arena_shards SET owner = $1, epoch = epoch + 1,
             lease_expires_at = clock_timestamp() + make_interval(secs => $2)
         WHERE shard IN (
             SELECT shard FROM arena_shards
             WHERE lease_expires_at <= clock_timestamp() AND shard <> ALL ($4)
             ORDER BY shard LIMIT $3 FOR UPDATE SKIP LOCKED)
         RETURNING *",
        [
            owner.into(),
            ttl.as_secs_f64().into(),
            i64::from(limit).into(),
            except.into(),
        ],
    );
    let rows = Model::find_by_statement(take).all(db.conn()).await?;
    rows.into_iter().map(parse).collect()
}

/// Renews the leases of `owner`; answers those that are still its own. A lease that lapsed without
/// being taken by somebody else is still its owner's; one that was given up is not.
///
/// Locks the rows in the order in which commits do.
pub async fn renew(db: &Db, owner: &str, leases: &[Lease], ttl: Duration) -> Result<Vec<Shard>> {
    let renew = statement(
        "WITH mine AS (
             SELECT s.shard FROM arena_shards s
             JOIN unnest($1::smallint[], $2::bigint[]) AS lease (shard, epoch)
                 ON s.shard = lease.shard AND s.epoch = lease.epoch
             WHERE s.owner = $4
             ORDER BY s.shard FOR NO KEY UPDATE OF s
         )
         UPDATE arena_shards s SET lease_expires_at = clock_timestamp() + make_interval(secs => $3)
         FROM mine WHERE s.shard = mine.shard
         RETURNING s.shard",
        [
            numbers(leases).into(),
            epochs(leases).into(),
            ttl.as_secs_f64().into(),
            owner.into(),
        ],
    );
    shards(db.conn(), renew).await
}

/// Gives shards up, so that somebody else can take them at once.
pub async fn release(db: &Db, leases: &[Lease]) -> Result<()> {
    let release = statement(
        "WITH mine AS (
             SELECT s.shard FROM arena_shards s
             JOIN unnest($1::smallint[], $2::bigint[]) AS lease (shard, epoch)
                 ON s.shard = lease.shard AND s.epoch = lease.epoch
             ORDER BY s.shard FOR NO KEY UPDATE OF s
         )
         UPDATE arena_shards s SET owner = NULL, lease_expires_at = 'epoch'
         FROM mine WHERE s.shard = mine.shard",
        [numbers(leases).into(), epochs(leases).into()],
    );
    db.conn().execute_raw(release).await?;
    Ok(())
}

/// Makes sure inside a transaction that a shard is still this process's, and stays so until the
/// transaction ends.
pub async fn still_owned(tx: &Tx, lease: Lease) -> Result<bool> {
    let check = statement(
        "SELECT * FROM arena_shards WHERE shard = $1 AND epoch = $2 FOR NO KEY UPDATE",
        [i16::from(lease.shard.get()).into(), lease.epoch.into()],
    );
    Ok(Model::find_by_statement(check)
        .one(tx.inner())
        .await?
        .is_some())
}

/// The rows of some shards, whoever owns them.
pub async fn find(from: &impl Read, shards: &[Shard]) -> Result<Vec<ShardRow>> {
    let shards: Vec<i16> = shards.iter().map(|shard| i16::from(shard.get())).collect();
    let find = statement(
        "SELECT * FROM arena_shards WHERE shard = ANY ($1)",
        [shards.into()],
    );
    let rows = Model::find_by_statement(find).all(from.conn()).await?;
    rows.into_iter().map(parse).collect()
}

pub(super) fn numbers(leases: &[Lease]) -> Vec<i16> {
    leases
        .iter()
        .map(|lease| i16::from(lease.shard.get()))
        .collect()
}

pub(super) fn epochs(leases: &[Lease]) -> Vec<i64> {
    leases.iter().map(|lease| lease.epoch).collect()
}

/// The key of a row.
#[derive(FromQueryResult)]
struct Key {
    shard: i16,
}

/// The shards whose rows a statement answers.
pub(super) async fn shards(conn: &impl ConnectionTrait, listing: Statement) -> Result<Vec<Shard>> {
    let rows = Key::find_by_statement(listing).all(conn).await?;
    rows.into_iter().map(|row| shard(row.shard)).collect()
}

fn shard(number: i16) -> Result<Shard> {
    let shard = u8::try_from(number)
        .ok()
        .and_then(|number| Shard::try_from(number).ok());
    shard.ok_or_else(|| Error::corrupt("arena_shards", number))
}

fn parse(row: Model) -> Result<ShardRow> {
    let lease = Lease {
        shard: shard(row.shard)?,
        epoch: row.epoch,
    };
    let corrupt = || Error::corrupt("arena_shards", row.shard);
    let places = (
        row.market_state,
        row.positions_incarnation,
        row.positions_sequence,
    );
    let checkpoint = if let (Some(market), Some(incarnation), Some(sequence)) = places {
        Some(Checkpoint {
            market: json::read("arena_shards", row.shard, market)?,
            positions: StreamPlace {
                incarnation: Incarnation(incarnation),
                sequence: u64::try_from(sequence).ok().ok_or_else(corrupt)?,
            },
        })
    } else {
        None
    };
    Ok(ShardRow {
        lease,
        commits: row.commits,
        checkpoint,
    })
}
