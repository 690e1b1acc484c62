//! Messages that wait to be published, and how a relay takes them in order.
//!
//! A service sees its own rows alone. A bucket is held by one relay at a time, by an advisory lock
//! of its transaction, which publishes the rows of an aggregate in the order of their versions.

use std::borrow::Borrow;
use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

use contracts::Message;
use contracts::notifications::InApp;
use entity::outbox::Model;
use sea_orm::{ConnectionTrait, FromQueryResult};
use serde::Serialize;
use sha2::{Digest, Sha256};
use time::OffsetDateTime;
use tokio::sync::Notify;
use uuid::Uuid;

use crate::arrays::Arrays;
use crate::statement::statement;
use crate::{Error, Read, Result, Tx};

/// How many buckets the rows of a service are spread over.
pub const BUCKETS: u8 = 64;

/// The buckets that commits of this process have written to, and that its relay is still to look at.
#[derive(Debug, Default)]
pub struct Written {
    buckets: Mutex<BTreeSet<i16>>,
    notify: Notify,
}

impl Written {
    /// Waits until there are some, and takes them. Safe to cancel.
    pub async fn take(&self) -> Vec<i16> {
        self.notify.notified().await;
        std::mem::take(&mut *self.lock()).into_iter().collect()
    }

    /// Adds buckets to them.
    pub fn note(&self, buckets: BTreeSet<i16>) {
        if !buckets.is_empty() {
            self.lock().extend(buckets);
            self.notify.notify_one();
        }
    }

    fn lock(&self) -> MutexGuard<'_, BTreeSet<i16>> {
        self.buckets.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The rows of the arena's batches and of everybody else's announcements.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// The Nats-Msg-Id: minted by whoever announces.
    pub id: Uuid,
    /// What it is about; rows of one aggregate are published in order.
    pub aggregate: Uuid,
    /// Its place among the rows of the aggregate. Equal versions keep the order of insertion.
    pub version: i64,
    /// The subject, without any prefix.
    pub subject: String,
    /// The message as JSON.
    pub payload: String,
}

impl Row {
    /// The row of `message`.
    pub fn of<M: Message>(id: Uuid, aggregate: Uuid, version: i64, message: &M) -> Result<Self> {
        let payload = serde_json::to_string(message)
            .map_err(|cause| Error::Refused(sea_orm::DbErr::Json(cause.to_string())))?;
        Ok(Self {
            id,
            aggregate,
            version,
            subject: message.subject(),
            payload,
        })
    }
}

impl Tx {
    /// Records a message to be published once this transaction commits.
    ///
    /// `id` becomes its Nats-Msg-Id. Within `aggregate` messages are published by `version`, then
    /// in the order of announcement; whoever announces holds the aggregate's row lock.
    pub async fn announce<M: Message>(
        &self,
        aggregate: impl Into<Uuid> + Send,
        version: i64,
        id: Uuid,
        message: &M,
    ) -> Result<()> {
        self.announce_all(&[Row::of(id, aggregate.into(), version, message)?])
            .await
    }

    /// Records a notice for the app's inbox, which waits for no other message.
    pub async fn tell(&self, notice: &InApp) -> Result<()> {
        self.announce(notice.id, 0, notice.id.uuid(), notice).await
    }

    /// Records several messages, in one statement.
    pub async fn announce_all<R: Borrow<Row>>(&self, rows: &[R]) -> Result<()> {
        if rows.is_empty() {
            return Ok(());
        }
        self.note_announcements(rows.iter().map(|row| bucket_of(row.borrow())));
        self.inner().execute_raw(arrays(rows)?.insert()).await?;
        Ok(())
    }
}

/// What is written of rows.
pub(crate) fn arrays<R: Borrow<Row>>(rows: &[R]) -> Result<Arrays<'_, R>> {
    Ok(
        Arrays::of("outbox", rows, |row| row.borrow().id.to_string())
            .in_order()
            .ids("id", |row| row.borrow().id)
            .numbers("bucket", |row| Some(bucket_of(row.borrow())))?
            .ids("aggregate_id", |row| row.borrow().aggregate)
            .numbers("version", |row| Some(row.borrow().version))?
            .texts("subject", |row| row.borrow().subject.clone())
            .texts("payload", |row| row.borrow().payload.clone()),
    )
}

/// The bucket of a row.
pub(crate) fn bucket_of(row: &Row) -> i16 {
    i16::from(bucket(row.aggregate))
}

/// The bucket of an aggregate.
pub fn bucket(aggregate: Uuid) -> u8 {
    Sha256::digest(aggregate.as_bytes())[0] % BUCKETS
}

#[derive(FromQueryResult)]
struct Bucket {
    bucket: i16,
}

/// The buckets that hold something to publish.
pub async fn waiting_buckets(from: &impl Read) -> Result<Vec<i16>> {
    let find = statement(
        "SELECT candidate::smallint AS bucket FROM generate_series(0, 63) candidate WHERE EXISTS (
             SELECT FROM outbox
             WHERE service = current_service() AND bucket = candidate AND published_at IS NULL)",
        [],
    );
    let buckets = Bucket::find_by_statement(find).all(from.conn()).await?;
    Ok(buckets.into_iter().map(|row| row.bucket).collect())
}

/// For how long a service's messages wait.
#[derive(Clone, Debug, PartialEq, Eq, FromQueryResult)]
pub struct Oldest {
    /// The service.
    pub service: String,
    /// For how many seconds the oldest has waited to be published; 0 if none waits.
    pub waiting_s: i64,
}

/// For how long the messages of the connection's service wait, by the first one of each bucket.
pub async fn oldest(from: &impl Read) -> Result<Oldest> {
    let ask = statement(
        "SELECT current_service() AS service,
             coalesce(extract(epoch FROM now() - min(first.created_at)), 0)::bigint AS waiting_s
         FROM generate_series(0, 63) candidate CROSS JOIN LATERAL (
             SELECT created_at FROM outbox
             WHERE service = current_service() AND bucket = candidate AND published_at IS NULL
             ORDER BY number LIMIT 1
         ) first",
        [],
    );
    let oldest = Oldest::find_by_statement(ask).one(from.conn()).await?;
    oldest.ok_or_else(|| Error::corrupt("outbox", "oldest"))
}

/// Takes buckets for as long as this transaction lives. Answers which: another relay may have some.
pub async fn lock_buckets(tx: &Tx, buckets: &[i16]) -> Result<Vec<i16>> {
    let lock = statement(
        "SELECT bucket FROM unnest($1::smallint[]) AS wanted (bucket)
         WHERE pg_try_advisory_xact_lock(hashtext('outbox/' || current_service()), bucket)",
        [buckets.to_vec().into()],
    );
    let locked = Bucket::find_by_statement(lock).all(tx.inner()).await?;
    Ok(locked.into_iter().map(|row| row.bucket).collect())
}

/// A row that waits to be published.
#[derive(Clone, Debug, PartialEq, Eq, FromQueryResult)]
pub struct Waiting {
    /// The row.
    #[sea_orm(nested)]
    pub row: Model,
    /// Now, on the clock of `created_at`.
    pub listed_at: OffsetDateTime,
}

/// The first unpublished rows of some buckets, up to `limit` in all, those of some aggregates
/// aside. The rows of an aggregate stand in the order of their versions, and none is left out
/// before one that is listed.
pub async fn list_unpublished(
    tx: &Tx,
    buckets: &[i16],
    passed_over: &[Uuid],
    limit: u32,
) -> Result<Vec<Waiting>> {
    let list = statement(
        "WITH first AS (
             SELECT aggregate_id, min(number) AS number
             FROM unnest($1::smallint[]) AS wanted (bucket) CROSS JOIN LATERAL (
                 SELECT aggregate_id, number FROM outbox
                 WHERE service = current_service() AND outbox.bucket = wanted.bucket
                     AND published_at IS NULL AND aggregate_id <> ALL ($3)
                 ORDER BY number LIMIT $2
             ) oldest GROUP BY aggregate_id
         )
         SELECT row.*, now() AS listed_at FROM first CROSS JOIN LATERAL (
             SELECT * FROM outbox
             WHERE service = current_service() AND aggregate_id = first.aggregate_id
                 AND published_at IS NULL
             ORDER BY version, number LIMIT $2
         ) row ORDER BY first.number, row.version, row.number LIMIT $2",
        [
            buckets.to_vec().into(),
            i64::from(limit).into(),
            passed_over.to_vec().into(),
        ],
    );
    Ok(Waiting::find_by_statement(list).all(tx.inner()).await?)
}

/// Notes that these rows are in their stream.
pub async fn mark_published(tx: &Tx, ids: &[Uuid]) -> Result<()> {
    let mark = statement(
        "UPDATE outbox SET published_at = now() WHERE id = ANY ($1)",
        [ids.to_vec().into()],
    );
    tx.inner().execute_raw(mark).await?;
    Ok(())
}

/// Removes up to `limit` rows that were published more than `age_s` seconds ago. Answers how many.
pub async fn delete_published(tx: &Tx, age_s: i64, limit: u32) -> Result<u64> {
    let delete = statement(
        "DELETE FROM outbox WHERE id IN (
             SELECT id FROM outbox WHERE published_at < now() - make_interval(secs => $1)
             ORDER BY published_at LIMIT $2)",
        [age_s.into(), i64::from(limit).into()],
    );
    Ok(tx.inner().execute_raw(delete).await?.rows_affected())
}

/// What one service has not published yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, FromQueryResult)]
pub struct Backlog {
    /// The service.
    pub service: String,
    /// How many messages wait.
    pub messages: i64,
    /// For how many seconds the oldest of them has.
    pub oldest_s: i64,
}

/// Counts what waits to be published, of every service that the connection may see.
pub async fn backlog(from: &impl Read) -> Result<Vec<Backlog>> {
    let count = statement(
        "SELECT service, count(*) AS messages,
             extract(epoch FROM now() - min(created_at))::bigint AS oldest_s
         FROM outbox WHERE published_at IS NULL GROUP BY service ORDER BY service",
        [],
    );
    Ok(Backlog::find_by_statement(count).all(from.conn()).await?)
}
