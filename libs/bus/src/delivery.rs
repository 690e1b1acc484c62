//! What a handler gets, and how it says that it failed.

use async_nats::jetstream::Message;
use bytes::Bytes;
use contracts::Topic;

use crate::BusError;
use crate::error::Cause;
use crate::ordered::answer_to;
use crate::publish::decode;

/// One delivery of one message.
#[derive(Clone, Debug)]
pub struct Delivery {
    /// The Nats-Msg-Id: the key of the inbox. A message without one is named by its place.
    pub id: String,
    /// What kind of message.
    pub topic: Topic,
    /// The subject, without prefix.
    pub subject: String,
    /// The stream's name on the server.
    pub stream: String,
    /// Its sequence in the stream.
    pub sequence: u64,
    /// When the stream stored it, on the server's clock, in nanoseconds since 1970.
    pub stored_at_ns: i64,
    /// How often it was delivered, this time included.
    pub delivered: u32,
    /// Where an answer is awaited, if one is.
    pub answer_to: Option<String>,
    payload: Bytes,
}

impl Delivery {
    /// Reads the message. What cannot be read is poison.
    pub fn decode<M: contracts::Message>(&self) -> Result<M, Failure> {
        decode(&self.subject, &self.payload).map_err(Failure::poison)
    }

    /// What `message` is to a consumer of `topics`; `subject` is its subject without prefix.
    pub(crate) fn read(
        message: &Message,
        subject: &str,
        topics: &[Topic],
    ) -> Result<Self, BusError> {
        let unreadable = |cause: Cause| BusError::unavailable("reading a delivery", cause);
        let info = message.info().map_err(unreadable)?;
        let topic = topics
            .iter()
            .copied()
            .find(|topic| topic.matches(subject))
            .ok_or_else(|| unreadable("a subject that was not asked for".into()))?;
        Ok(Self {
            id: message_id(message)
                .unwrap_or_else(|| format!("{}/{}", info.stream, info.stream_sequence)),
            topic,
            subject: subject.to_owned(),
            stream: info.stream.to_owned(),
            sequence: info.stream_sequence,
            stored_at_ns: i64::try_from(info.published.unix_timestamp_nanos()).unwrap_or(i64::MAX),
            delivered: u32::try_from(info.delivered).unwrap_or(u32::MAX),
            answer_to: answer_to(message.headers.as_ref()),
            payload: message.payload.clone(),
        })
    }
}

/// The Nats-Msg-Id of a message, if it has one.
fn message_id(message: &Message) -> Option<String> {
    let headers = message.headers.as_ref()?;
    headers
        .get(async_nats::header::NATS_MESSAGE_ID)
        .map(|id| id.as_str().to_owned())
}

/// How a handler failed, in the only terms that the bus cares about.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// Deliver it again later.
    #[error("failed, and may succeed later")]
    Retry(#[source] Cause),
    /// Never deliver it again; park it for a person.
    #[error("can never succeed")]
    Poison(#[source] Cause),
}

impl Failure {
    /// Deliver it again later, because of `cause`.
    pub fn retry(cause: impl Into<Cause>) -> Self {
        Self::Retry(cause.into())
    }

    /// Park it for a person, because of `cause`.
    pub fn poison(cause: impl Into<Cause>) -> Self {
        Self::Poison(cause.into())
    }

    /// Whether Postgres was away.
    pub(crate) fn blames_postgres(&self) -> bool {
        let (Self::Retry(cause) | Self::Poison(cause)) = self;
        let mut next: Option<&(dyn std::error::Error + 'static)> = Some(&**cause);
        while let Some(cause) = next {
            if let Some(store::Error::Unavailable(_)) = cause.downcast_ref() {
                return true;
            }
            next = cause.source();
        }
        false
    }

    /// The causes, outermost first, for a log or a person.
    pub(crate) fn causes(&self) -> String {
        let (Self::Retry(cause) | Self::Poison(cause)) = self;
        let mut text = cause.to_string();
        let mut next = cause.source();
        while let Some(cause) = next {
            text = format!("{text}: {cause}");
            next = cause.source();
        }
        text
    }
}

/// A row that none of our writers writes, or a statement that the database refuses, does not mend
/// itself; everything else may.
impl From<store::Error> for Failure {
    fn from(cause: store::Error) -> Self {
        match cause {
            store::Error::Corrupt { .. }
            | store::Error::OutOfRange { .. }
            | store::Error::Refused(_) => Self::poison(cause),
            store::Error::Conflict(_) | store::Error::Unavailable(_) => Self::retry(cause),
        }
    }
}

impl From<BusError> for Failure {
    fn from(cause: BusError) -> Self {
        if cause.may_pass() {
            Self::retry(cause)
        } else {
            Self::poison(cause)
        }
    }
}
