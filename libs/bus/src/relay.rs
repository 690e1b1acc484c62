//! Publishing what transactions announced: the outbox, relayed in order.

use std::time::Duration;

use async_nats::HeaderMap;
use bytes::Bytes;
use futures::{StreamExt, TryStreamExt, stream};
use metrics::counter;
use store::entity::outbox::Model;
use store::{Db, outbox};
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;
use tracing::{error, warn};
use uuid::Uuid;

use crate::error::Cause;
use crate::{Bus, BusError, PublishOptions};

/// How long a row waits at most when the wake-up was missed, as after a crash.
const POLL: Duration = Duration::from_millis(500);
/// How many rows one transaction relays.
const ROWS: u32 = 200;
/// How many buckets are relayed at the same time.
const BUCKETS_AT_ONCE: usize = 4;
/// How many aggregates of a bucket are published at the same time.
const AGGREGATES_AT_ONCE: usize = 16;
/// How long published rows are kept to look at.
const KEEP_PUBLISHED_S: i64 = 24 * 60 * 60;
/// How often published rows are cleared away, and how many at once.
const CLEAR_EVERY: Duration = Duration::from_secs(60);
const CLEAR_ROWS: u32 = 5_000;

impl Bus {
    /// Publishes the outbox rows of the service that `db` is connected as, until `shutdown`; then
    /// those of the last commits, once.
    ///
    /// Woken after every commit of this process. The rows of an aggregate go out in the order of
    /// their versions. A crash between publishing and noting it repeats a message under its id.
    pub async fn relay(self, db: Db, shutdown: CancellationToken) -> Result<(), BusError> {
        let written = db.outbox_written();
        let mut cleared = Instant::now();
        loop {
            let relayed = self.relay_waiting(&db).await;
            if let Err(error) = &relayed {
                warn!(error = %Chain(error), "the outbox waits");
            }
            if shutdown.is_cancelled() {
                return Ok(());
            }
            if cleared.elapsed() >= CLEAR_EVERY {
                cleared = Instant::now();
                clear(&db).await;
            }
            let pause = async {
                // After a failure the next commit must not turn this into a busy loop.
                if relayed.is_err() {
                    sleep(POLL).await;
                } else {
                    timeout(POLL, written.notified()).await.ok();
                }
            };
            shutdown.run_until_cancelled(pause).await;
        }
    }

    async fn relay_waiting(&self, db: &Db) -> Result<(), BusError> {
        let buckets = outbox::waiting_buckets(db).await.map_err(unavailable)?;
        stream::iter(buckets)
            .map(Ok)
            .try_for_each_concurrent(BUCKETS_AT_ONCE, |bucket| self.relay_bucket(db, bucket))
            .await
    }

    /// Relays a bucket until it is empty, unless another relay has it.
    async fn relay_bucket(&self, db: &Db, bucket: i16) -> Result<(), BusError> {
        loop {
            let tx = db.begin().await.map_err(unavailable)?;
            if !outbox::lock_bucket(&tx, bucket)
                .await
                .map_err(unavailable)?
            {
                return Ok(());
            }
            let rows = outbox::list_unpublished(&tx, bucket, ROWS)
                .await
                .map_err(unavailable)?;
            if rows.is_empty() {
                return Ok(());
            }
            let wanted = rows.len();
            let published = self.publish_rows(rows).await;
            outbox::mark_published(&tx, &published)
                .await
                .map_err(unavailable)?;
            tx.commit().await.map_err(unavailable)?;
            counter!("bus_relayed_total").increment(published.len() as u64);
            if published.len() < wanted {
                return Err(BusError::unavailable(
                    "relaying",
                    "some rows could not be published",
                ));
            }
        }
    }

    /// Publishes rows that stand aggregate by aggregate, each aggregate in order up to its first
    /// failure. Answers which are stored.
    async fn publish_rows(&self, rows: Vec<Model>) -> Vec<Uuid> {
        let aggregates: Vec<Vec<Model>> = rows
            .chunk_by(|one, next| one.aggregate_id == next.aggregate_id)
            .map(<[Model]>::to_vec)
            .collect();
        stream::iter(aggregates)
            .map(|rows| self.publish_aggregate(rows))
            .buffer_unordered(AGGREGATES_AT_ONCE)
            .concat()
            .await
    }

    async fn publish_aggregate(&self, rows: Vec<Model>) -> Vec<Uuid> {
        let mut published = Vec::with_capacity(rows.len());
        for row in rows {
            let (id, payload) = (row.id.to_string(), Bytes::from(row.payload));
            let options = PublishOptions::default();
            let stored = self
                .publish_bytes(&row.subject, payload, &id, options, HeaderMap::new())
                .await;
            match stored {
                Ok(_) => published.push(row.id),
                Err(error) => {
                    warn!(subject = row.subject, error = %Chain(&error), "a row waits");
                    break;
                }
            }
        }
        published
    }
}

async fn clear(db: &Db) {
    let cleared = async {
        let tx = db.begin().await?;
        outbox::delete_published(&tx, KEEP_PUBLISHED_S, CLEAR_ROWS).await?;
        tx.commit().await
    };
    if let Err(error) = cleared.await {
        error!(%error, "published rows were not cleared away");
    }
}

fn unavailable(cause: store::Error) -> BusError {
    BusError::unavailable("relaying", Cause::from(cause))
}

/// An error with its causes, for one line of a log.
struct Chain<'a>(&'a BusError);

impl std::fmt::Display for Chain<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.0)?;
        let mut next = std::error::Error::source(self.0);
        while let Some(cause) = next {
            write!(f, ": {cause}")?;
            next = cause.source();
        }
        Ok(())
    }
}
