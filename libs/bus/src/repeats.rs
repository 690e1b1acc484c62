//! Rows that a relay published and did not note, because it ended in between: found in their stream by
//! their ids once they have waited for so long that the stream itself may have forgotten these.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use async_nats::header::NATS_MESSAGE_ID;
use async_nats::jetstream::consumer::{AckPolicy, DeliverPolicy, pull};
use contracts::{Stream, Topic};
use futures::future::join_all;
use store::outbox::Waiting;
use time::OffsetDateTime;
use tokio::time::timeout;
use tracing::{info, warn};
use uuid::Uuid;

use crate::ordered::{header, receive};
use crate::{Bus, BusError};

/// A row that has waited for less is no repeat, or the stream knows its id. That is half as long as
/// the stream does: the other half is for clocks that differ, and for the time until it is published.
const KNOWN_FOR: Duration = Duration::from_secs(Stream::DUPLICATE_WINDOW.as_secs() / 2);
/// How many messages of a stream are looked at for one page of rows. What lies behind them is taken not
/// to be there, and comes twice if it is.
const MOST_LOOKED_AT: u64 = 20_000;
/// How long that may take. It stays below the two seconds after which Postgres ends a transaction that
/// is idle.
const LOOKED_UP_WITHIN: Duration = Duration::from_millis(1_500);
/// How many messages are asked for at once.
const BATCH: usize = 1_000;
/// After this long without us the server forgets a reader.
const INACTIVE_AFTER: Duration = Duration::from_secs(5);
/// What is done here, as errors say it.
const LOOKING: &str = "looking for repeats";

/// What is known of rows before they are published.
#[derive(Debug, Default)]
pub(crate) struct Repeats {
    /// Those that are in their streams.
    pub(crate) published: HashSet<Uuid>,
    /// Why those of a stream could not be looked for.
    pub(crate) failed: Vec<(Stream, BusError)>,
}

impl Bus {
    /// Looks for those of the rows that have waited for so long that they may be repeats; none if there
    /// are no such rows.
    pub(crate) async fn find_repeats(&self, rows: &[Waiting]) -> Option<Repeats> {
        let mut waiting: HashMap<Stream, Vec<&Waiting>> = HashMap::new();
        for row in rows.iter().filter(|row| may_be_repeat(row)) {
            if let Some(stream) = stream_of(&row.row.subject) {
                waiting.entry(stream).or_default().push(row);
            }
        }
        if waiting.is_empty() {
            return None;
        }
        let looks = waiting.iter().map(async |(stream, rows)| {
            let look = timeout(LOOKED_UP_WITHIN, self.find_in(*stream, rows)).await;
            let found = look.unwrap_or_else(|elapsed| Err(BusError::unavailable(LOOKING, elapsed)));
            (*stream, found)
        });
        let mut repeats = Repeats::default();
        for (stream, found) in join_all(looks).await {
            match found {
                Ok(found) => repeats.published.extend(found),
                Err(error) => repeats.failed.push((stream, error)),
            }
        }
        Some(repeats)
    }

    /// Which of these rows the stream holds.
    async fn find_in(&self, stream: Stream, rows: &[&Waiting]) -> Result<HashSet<Uuid>, BusError> {
        let mut found = HashSet::new();
        let Some((since, now)) = rows
            .iter()
            .map(|it| (it.row.created_at, it.listed_at))
            .min()
        else {
            return Ok(found);
        };
        let kept = self.stream(stream).await?;
        let window = kept.cached_info().config.duplicate_window;
        let subjects: HashSet<&str> = rows.iter().map(|it| it.row.subject.as_str()).collect();
        let wanted: HashSet<Uuid> = rows.iter().map(|it| it.row.id).collect();
        let mut reader = self.headers(stream, subjects, since - KNOWN_FOR).await?;
        for place in 1..=reader.held.min(MOST_LOOKED_AT) {
            let message = receive(&mut reader.messages, place).await?;
            let info = message
                .info()
                .map_err(|cause| BusError::unavailable(LOOKING, cause))?;
            // From here on the stream knows the ids itself.
            if info.published > now - window / 2 {
                break;
            }
            let id = header(message.headers.as_ref(), NATS_MESSAGE_ID.as_ref());
            let id = id.and_then(|id| id.parse().ok());
            found.extend(id.filter(|id| wanted.contains(id)));
            if found.len() == wanted.len() || info.pending == 0 {
                break;
            }
            if place == MOST_LOOKED_AT {
                let left = info.pending;
                warn!(stream = stream.name(), left, "not all was looked at");
            }
        }
        if !found.is_empty() {
            info!(
                stream = stream.name(),
                rows = found.len(),
                "rows had been published before"
            );
        }
        Ok(found)
    }

    /// The headers of what the stream holds on these subjects since a moment.
    async fn headers(
        &self,
        stream: Stream,
        subjects: HashSet<&str>,
        since: OffsetDateTime,
    ) -> Result<Headers, BusError> {
        let filter_subjects = subjects
            .into_iter()
            .map(|subject| self.prefix().subject(subject))
            .collect();
        let config = pull::Config {
            deliver_policy: DeliverPolicy::ByStartTime { start_time: since },
            ack_policy: AckPolicy::None,
            filter_subjects,
            headers_only: true,
            memory_storage: true,
            num_replicas: 1,
            inactive_threshold: INACTIVE_AFTER,
            ..pull::Config::default()
        };
        let consumer = self
            .jetstream
            .create_consumer_on_stream(config, self.prefix().stream(stream.name()))
            .await
            .map_err(|cause| BusError::unavailable(LOOKING, cause))?;
        let held = consumer.cached_info().num_pending;
        let messages = consumer
            .stream()
            .max_messages_per_batch(BATCH)
            .messages()
            .await
            .map_err(|cause| BusError::unavailable(LOOKING, cause))?;
        Ok(Headers { held, messages })
    }
}

struct Headers {
    /// How many there were when one began.
    held: u64,
    messages: pull::Stream,
}

/// Whether the row has waited for so long that its stream may have forgotten its id.
pub(crate) fn may_be_repeat(row: &Waiting) -> bool {
    row.listed_at - row.row.created_at >= KNOWN_FOR
}

/// The stream that stores a subject.
pub(crate) fn stream_of(subject: &str) -> Option<Stream> {
    let topic = Topic::ALL.iter().find(|topic| topic.matches(subject));
    topic.map(|topic| topic.stream())
}
