//! Requests that cannot be carried out: parked for a person, in the transaction that moves the
//! shard's checkpoint past them.

use bus::Entry;
use contracts::{Service, Stream};
use metrics::counter;
use serde_json::json;
use store::dead_letter::DeadLetter;
use tracing::error;

/// How many times a request is delivered: the arena reads its streams once.
const DELIVERIES: i64 = 1;

/// What is parked of a request.
pub(crate) fn letter(entry: &Entry, cause: &str) -> DeadLetter {
    error!(
        subject = entry.subject,
        sequence = entry.sequence,
        cause,
        "a request is parked"
    );
    counter!("arena_requests_parked_total").increment(1);
    DeadLetter {
        consumer: Service::Arena.name().to_owned(),
        stream: Stream::Positions.name().to_owned(),
        stream_sequence: i64::try_from(entry.sequence).unwrap_or(i64::MAX),
        subject: entry.subject.clone(),
        message_id: None,
        headers: json!({}),
        payload: entry.payload().to_vec(),
        cause: cause.to_owned(),
        deliveries: DELIVERIES,
    }
}
