//! Requests that cannot be read: parked for a person.

use bus::Entry;
use contracts::{Service, Stream};
use serde_json::json;
use store::dead_letter::{self, DeadLetter};
use tracing::error;

use crate::app::App;
use crate::request::Unreadable;

/// How many times a request is delivered: the arena reads its streams once.
const DELIVERIES: i64 = 1;

/// Parks a request. The stream keeps it for a day where that fails.
pub(crate) async fn park(app: &App, entry: &Entry, cause: &Unreadable) {
    error!(subject = entry.subject, sequence = entry.sequence, %cause, "a request is parked");
    let letter = DeadLetter {
        consumer: Service::Arena.name().to_owned(),
        stream: Stream::Positions.name().to_owned(),
        stream_sequence: i64::try_from(entry.sequence).unwrap_or(i64::MAX),
        subject: entry.subject.clone(),
        message_id: None,
        headers: json!({}),
        payload: entry.payload().to_vec(),
        cause: cause.to_string(),
        deliveries: DELIVERIES,
    };
    if let Err(error) = dead_letter::park(&app.db, &letter).await {
        error!(sequence = entry.sequence, %error, "a request could not be parked");
    }
}
