//! Publishing what transactions announced: the outbox, relayed in order.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::time::Duration;

use async_nats::HeaderMap;
use async_nats::connection::State;
use bytes::Bytes;
use futures::future::join_all;
use futures::{StreamExt, stream};
use metrics::{counter, gauge};
use store::entity::outbox::Model;
use store::outbox::{self, Oldest, Waiting};
use store::{Db, Tx};
use tokio::time::{Instant, MissedTickBehavior, interval, sleep, sleep_until, timeout_at};
use tokio_util::sync::CancellationToken;
use tracing::{error, warn};
use uuid::Uuid;

use crate::error::Cause;
use crate::publish::Sending;
use crate::repeats::{Repeats, may_be_repeat, stream_of};
use crate::{Bus, BusError, PublishOptions};

/// How long a row waits at most when the wake-up was missed, as after a crash.
const POLL: Duration = Duration::from_secs(2);
/// So long after a pass the next one gathers what commits: under load every pass takes its share of
/// the machine, however little it relays. After a pause the first commit does not wait.
const GATHER: Duration = Duration::from_millis(20);
/// The pause after a failure.
const RETRY_DELAY: Duration = Duration::from_millis(500);
/// How many rows one transaction relays: so many acknowledgements are awaited at once.
const ROWS: u32 = 400;
/// Where more waits than one transaction relays, how many buckets each takes, and how many of them run
/// at the same time.
const BUCKETS_TOGETHER: usize = 16;
const TRANSACTIONS: usize = 4;
/// How long one transaction goes on sending. With [`ANSWERED_WITHIN`] it stays well below the two
/// seconds after which Postgres ends a transaction that is idle, and with it the note of what is
/// stored.
const SENDING: Duration = Duration::from_millis(500);
/// When at the latest the last row of a transaction is acknowledged, counted from its first.
const ANSWERED_WITHIN: Duration = Duration::from_millis(1_500);
/// How long published rows are kept to look at.
const KEEP_PUBLISHED_S: i64 = 24 * 60 * 60;
/// How often the age of the oldest row is asked for.
const LOOK_EVERY: Duration = Duration::from_secs(15);
/// How often published rows are cleared away, and how many in one transaction.
const CLEAR_EVERY: Duration = Duration::from_secs(60);
const CLEAR_ROWS: u32 = 5_000;

impl Bus {
    /// Publishes the outbox rows of the service that `db` is connected as, until `shutdown`; then
    /// those of the last commits, once.
    ///
    /// Woken after every commit of this process, for the buckets that it wrote to; now and then it
    /// looks at all of them. The rows of an aggregate go out in the order of
    /// their versions, a version only once the one before it is stored; within a version in the
    /// order of announcement, which a lost connection alone can break. A crash between publishing
    /// and noting it is noted by the next relay: the stream knows the id for a while, and is looked
    /// through for one that has waited for longer.
    pub async fn relay(self, db: Db, shutdown: CancellationToken) -> Result<(), BusError> {
        self.relay_polling(db, POLL, shutdown).await
    }

    /// As [`Bus::relay`], with a pause of its own for rows whose wake-up was missed.
    pub async fn relay_polling(
        self,
        db: Db,
        poll: Duration,
        shutdown: CancellationToken,
    ) -> Result<(), BusError> {
        tokio::select! {
            () = self.relay_until(&db, poll, &shutdown) => Ok(()),
            never = keep_clear(&db) => match never {},
            never = show_oldest(&db) => match never {},
        }
    }

    async fn relay_until(&self, db: &Db, poll: Duration, shutdown: &CancellationToken) {
        let written = db.outbox_written();
        let mut woken = None;
        let mut look_at = Instant::now();
        loop {
            if woken.is_none() {
                look_at = Instant::now() + poll;
            }
            let relayed = self.relay_waiting(db, woken).await;
            if let Err(error) = &relayed {
                warn!(error = %Chain(error), "the outbox waits");
            }
            if shutdown.is_cancelled() {
                return;
            }
            let relayed_at = Instant::now();
            let pause = async {
                // After a failure the next commit must not turn this into a busy loop.
                if relayed.is_err() {
                    sleep(RETRY_DELAY).await;
                    return None;
                }
                // However often commits wake it, it looks everywhere now and then.
                if Instant::now() >= look_at {
                    return None;
                }
                sleep_until(relayed_at + GATHER).await;
                timeout_at(look_at, written.take()).await.ok()
            };
            woken = shutdown.run_until_cancelled(pause).await.flatten();
        }
    }

    /// Relays these buckets, or every one that holds something, whatever becomes of the others;
    /// answers the first failure. What has gathered since the last pass is little as a rule, and goes
    /// out in one transaction.
    async fn relay_waiting(&self, db: &Db, woken: Option<Vec<i16>>) -> Result<(), BusError> {
        let buckets = match woken {
            Some(buckets) => buckets,
            None => outbox::waiting_buckets(db).await.map_err(unavailable)?,
        };
        let page = self.relay_page(db, &buckets, &[]).await?;
        if page.is_last {
            return Ok(());
        }
        let (passed_over, stuck) = page.stuck();
        let relayed: Vec<Result<(), BusError>> = stream::iter(buckets)
            .chunks(BUCKETS_TOGETHER)
            .map(|buckets| self.relay_buckets(db, buckets, passed_over.clone()))
            .buffer_unordered(TRANSACTIONS)
            .collect()
            .await;
        relayed.into_iter().fold(stuck, Result::and)
    }

    /// Relays buckets until nothing is left but aggregates that are stuck, and what another relay
    /// has. Answers why the first of those is.
    async fn relay_buckets(
        &self,
        db: &Db,
        buckets: Vec<i16>,
        mut passed_over: Vec<Uuid>,
    ) -> Result<(), BusError> {
        let mut first = Ok(());
        loop {
            let page = self.relay_page(db, &buckets, &passed_over).await?;
            if page.is_last {
                return first;
            }
            let (aggregates, stuck) = page.stuck();
            passed_over.extend(aggregates);
            first = first.and(stuck);
        }
    }

    /// Relays the next rows of buckets in one transaction. What another relay has meanwhile is
    /// looked at again at the next pass: it may have listed the rows before the last ones came.
    async fn relay_page(
        &self,
        db: &Db,
        buckets: &[i16],
        passed_over: &[Uuid],
    ) -> Result<Page, BusError> {
        if buckets.is_empty() {
            return Ok(Page::nothing());
        }
        // The client would keep what is published meanwhile, and send it twice in the end.
        if self.client.connection_state() != State::Connected {
            return Err(BusError::unavailable("the connection", "disconnected"));
        }
        let tx = db.begin().await.map_err(unavailable)?;
        let locked = outbox::lock_buckets(&tx, buckets).await;
        let locked = locked.map_err(unavailable)?;
        let busy = buckets.iter().filter(|bucket| !locked.contains(bucket));
        db.outbox_written().note(busy.copied().collect());
        let rows = outbox::list_unpublished(&tx, &locked, passed_over, ROWS).await;
        let rows = rows.map_err(unavailable)?;
        if rows.is_empty() {
            return Ok(Page::nothing());
        }
        let is_full = u32::try_from(rows.len()).is_ok_and(|rows| rows >= ROWS);
        let (rows, mut stuck) = self.without_repeats(&tx, rows).await?;
        let (published, failed) = self.publish_rows(&rows).await;
        stuck.extend(failed);
        let marked = outbox::mark_published(&tx, &published).await;
        marked.map_err(unavailable)?;
        tx.commit().await.map_err(unavailable)?;
        counter!("bus_relayed_total").increment(published.len() as u64);
        let is_last = !is_full && stuck.is_empty() && published.len() == rows.len();
        Ok(Page { stuck, is_last })
    }

    /// Notes those of the rows that are in their streams already. Answers the others, and which
    /// aggregates cannot go on because that is not known of them.
    async fn without_repeats(
        &self,
        tx: &Tx,
        rows: Vec<Waiting>,
    ) -> Result<(Vec<Model>, Vec<Stuck>), BusError> {
        let Some(Repeats { published, failed }) = self.find_repeats(&rows).await else {
            return Ok((rows.into_iter().map(|it| it.row).collect(), Vec::new()));
        };
        // So Postgres hears of us, too, before the others are published.
        let ids: Vec<Uuid> = published.iter().copied().collect();
        let marked = outbox::mark_published(tx, &ids).await;
        marked.map_err(unavailable)?;
        let mut stuck: BTreeMap<Uuid, Stuck> = BTreeMap::new();
        for (stream, error) in &failed {
            warn!(stream = stream.name(), error = %Chain(error), "repeats are not looked for");
            let unknown = rows.iter().filter(|it| may_be_repeat(it));
            let unknown = unknown.filter(|it| stream_of(&it.row.subject) == Some(*stream));
            stuck.extend(unknown.map(|it| {
                let aggregate = it.row.aggregate_id;
                let error = BusError::unavailable("looking for repeats", error.to_string());
                (aggregate, Stuck { aggregate, error })
            }));
        }
        let others = rows.into_iter().map(|it| it.row);
        let others = others
            .filter(|row| !published.contains(&row.id) && !stuck.contains_key(&row.aggregate_id));
        Ok((others.collect(), stuck.into_values().collect()))
    }

    /// Publishes rows that stand aggregate by aggregate. Answers which are stored, and which
    /// aggregates could not go on.
    async fn publish_rows(&self, rows: &[Model]) -> (Vec<Uuid>, Vec<Stuck>) {
        let began = Instant::now();
        let aggregates = rows.chunk_by(|one, next| one.aggregate_id == next.aggregate_id);
        let relayed = join_all(aggregates.map(|rows| self.publish_aggregate(rows, began))).await;
        let (published, stuck): (Vec<_>, Vec<_>) = relayed.into_iter().unzip();
        (published.concat(), stuck.into_iter().flatten().collect())
    }

    /// Publishes the rows of an aggregate version by version, up to its first failure or for as
    /// long as a transaction may send; the first version in any case.
    async fn publish_aggregate(
        &self,
        rows: &[Model],
        began: Instant,
    ) -> (Vec<Uuid>, Option<Stuck>) {
        let mut published = Vec::with_capacity(rows.len());
        for version in rows.chunk_by(|one, next| one.version == next.version) {
            let sent = self.publish_version(version, began + ANSWERED_WITHIN).await;
            let mut failed = None;
            for (row, stored) in version.iter().zip(sent) {
                match stored {
                    Ok(()) => published.push(row.id),
                    Err(error) => failed = failed.or(Some((row, error))),
                }
            }
            if let Some((row, error)) = failed {
                warn!(subject = row.subject, error = %Chain(&error), "a row waits");
                let aggregate = row.aggregate_id;
                return (published, Some(Stuck { aggregate, error }));
            }
            if began.elapsed() >= SENDING {
                break;
            }
        }
        (published, None)
    }

    /// Sends rows one behind the other, then awaits what became of each. After one that cannot
    /// even be sent, none is.
    async fn publish_version(&self, rows: &[Model], until: Instant) -> Vec<Result<(), BusError>> {
        let mut sent = Vec::with_capacity(rows.len());
        for row in rows {
            let sending = self.send_row(row).await;
            let failed = sending.is_err();
            sent.push(sending);
            if failed {
                break;
            }
        }
        let stored = sent.into_iter().map(async |sending| {
            let stored = timeout_at(until, sending?.stored()).await;
            stored
                .map_err(|elapsed| BusError::unavailable("publishing", elapsed))?
                .map(drop)
        });
        join_all(stored).await
    }

    async fn send_row(&self, row: &Model) -> Result<Sending, BusError> {
        let (id, payload) = (row.id.to_string(), Bytes::from(row.payload.clone()));
        let options = PublishOptions::default();
        self.send_bytes(&row.subject, payload, &id, options, HeaderMap::new())
            .await
    }
}

/// What came of the rows that one transaction relays.
struct Page {
    stuck: Vec<Stuck>,
    /// Whether they were the last that waited.
    is_last: bool,
}

impl Page {
    const fn nothing() -> Self {
        Self {
            stuck: Vec::new(),
            is_last: true,
        }
    }

    /// Which aggregates cannot go on, and why the first of them cannot.
    fn stuck(self) -> (Vec<Uuid>, Result<(), BusError>) {
        let (aggregates, errors): (Vec<_>, Vec<_>) = self
            .stuck
            .into_iter()
            .map(|Stuck { aggregate, error }| (aggregate, error))
            .unzip();
        (aggregates, errors.into_iter().next().map_or(Ok(()), Err))
    }
}

/// An aggregate that cannot go on, and why.
struct Stuck {
    aggregate: Uuid,
    error: BusError,
}

/// Shows now and then how long the oldest row has waited, whatever the relay itself waits for.
async fn show_oldest(db: &Db) -> Infallible {
    loop {
        match outbox::oldest(db).await {
            Ok(Oldest { service, waiting_s }) => {
                let shown = u32::try_from(waiting_s).unwrap_or_default();
                gauge!("bus_outbox_oldest_seconds", "service" => service).set(f64::from(shown));
            }
            Err(error) => warn!(%error, "the age of the outbox is not known"),
        }
        sleep(LOOK_EVERY).await;
    }
}

/// Clears published rows away now and then, for ever.
async fn keep_clear(db: &Db) -> Infallible {
    let mut beats = interval(CLEAR_EVERY);
    beats.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        beats.tick().await;
        if let Err(error) = clear(db).await {
            error!(%error, "published rows were not cleared away");
        }
    }
}

async fn clear(db: &Db) -> store::Result<()> {
    loop {
        let tx = db.begin().await?;
        let cleared = outbox::delete_published(&tx, KEEP_PUBLISHED_S, CLEAR_ROWS).await?;
        tx.commit().await?;
        if cleared < u64::from(CLEAR_ROWS) {
            return Ok(());
        }
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
