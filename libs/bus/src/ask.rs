//! Asking an owner through JetStream and hearing the answer over core NATS.

use std::time::Duration;

use async_nats::HeaderMap;
use bytes::Bytes;
use contracts::commands::{ANSWER_TO, Answer, Ask};
use futures::FutureExt;
use serde::Serialize;
use tokio::task::unconstrained;
use tokio::time::{Instant, timeout, timeout_at};
use tracing::debug;

use crate::publish::{PublishOptions, decode, encode};
use crate::{Bus, BusError};

/// How long the server may take to send something back.
const ECHO_TIMEOUT: Duration = Duration::from_secs(5);

/// What came of asking.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Asked<T> {
    /// The owner answered.
    Answer(Answer<T>),
    /// It is stored, and nobody answered in time: it may still be carried out.
    NoAnswer {
        /// Its sequence in the stream.
        sequence: u64,
    },
    /// No stream took it: nothing will come of it.
    NotStored,
}

impl Bus {
    /// Stores `question` under its own message id and waits up to `timeout` for the answer.
    ///
    /// A question that was stored a moment ago is stored again, under an id of its own: its first
    /// answer went to whoever asked first, and the owner may have kept no outcome, such as that
    /// the caller was too quick. Owners know a request that they have kept.
    ///
    /// An error means that the request may or may not be stored: repeat it under the same id.
    pub async fn ask<A: Ask>(
        &self,
        question: &A,
        timeout: Duration,
    ) -> Result<Asked<A::Value>, BusError> {
        let subject = question.subject();
        let mut awaited = self.answers.expect(&self.client).await?;
        let mut headers = HeaderMap::new();
        headers.insert(ANSWER_TO, awaited.subject.as_str());
        let payload = encode(&subject, question)?;
        let until = Instant::now() + timeout;
        let id = question.message_id();
        let again = format!("{id}/{}", awaited.subject);
        let store = async |id: String| {
            let (payload, headers) = (payload.clone(), headers.clone());
            let options = PublishOptions::default();
            self.publish_bytes(&subject, payload, &id, options, headers)
                .await
        };
        let storing = async {
            let stored = store(id).await?;
            if stored.duplicate {
                store(again).await
            } else {
                Ok(stored)
            }
        };
        let sequence = match timeout_at(until, storing).await {
            Ok(Ok(stored)) => stored.sequence,
            Ok(Err(BusError::NoStream)) => return Ok(Asked::NotStored),
            Ok(Err(error)) => return Err(error),
            Err(elapsed) => return Err(BusError::unavailable("publishing", elapsed)),
        };
        match timeout_at(until, &mut awaited.answer).await {
            Ok(Ok(answer)) => decode(&subject, &answer).map(Asked::Answer),
            Ok(Err(_)) | Err(_) => Ok(Asked::NoAnswer { sequence }),
        }
    }

    /// Answers whoever waits at `to`, the [`ANSWER_TO`] of a request. Call it after the commit.
    ///
    /// Best effort, and never waits: the kept outcome is what counts, and nobody may be waiting any
    /// more.
    pub fn answer<T: Serialize>(&self, to: Option<&str>, answer: &Answer<T>) {
        let Some(to) = to else { return };
        let sent = encode(to, answer)
            .and_then(|payload| self.send_now("answering", to.to_owned(), payload));
        if let Err(error) = sent {
            debug!(%error, "an answer was not sent");
        }
    }

    /// Waits until the server has taken everything that was sent to it before.
    pub(crate) async fn echo(&self) -> Result<(), BusError> {
        let mut awaited = self.answers.expect(&self.client).await?;
        let subject = awaited.subject.clone();
        self.send_now("asking for an echo", subject, Bytes::new())?;
        match timeout(ECHO_TIMEOUT, &mut awaited.answer).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(cause)) => Err(BusError::unavailable("waiting for an echo", cause)),
            Err(elapsed) => Err(BusError::unavailable("waiting for an echo", elapsed)),
        }
    }

    /// Hands a message that nobody acknowledges to the connection, or fails where that has no room.
    pub(crate) fn send_now(
        &self,
        doing: &'static str,
        subject: String,
        payload: Bytes,
    ) -> Result<(), BusError> {
        // Without a budget of the task, the first poll is pending only where there is no room.
        match unconstrained(self.client.publish(subject, payload)).now_or_never() {
            Some(sent) => sent.map_err(|cause| BusError::unavailable(doing, cause)),
            None => Err(BusError::unavailable(doing, "too much waits to be sent")),
        }
    }
}
