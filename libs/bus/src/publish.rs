//! Announcing on JetStream.

use std::time::Duration;

use async_nats::HeaderMap;
use async_nats::jetstream::context::{PublishAckFuture, PublishErrorKind};
use async_nats::jetstream::message::PublishMessage;
use async_nats::jetstream::stream::LastRawMessageErrorKind;
use bytes::Bytes;
use contracts::{Key, Message};

use crate::{Bus, BusError};

/// What else JetStream is told about a message.
#[derive(Clone, Copy, Debug, Default)]
pub struct PublishOptions {
    /// The message is gone after this long, in whole seconds.
    pub ttl: Option<Duration>,
    /// The message is refused unless this is the last sequence of its subject; 0 is none yet.
    pub expected_last_sequence: Option<u64>,
}

/// Where JetStream keeps a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stored {
    /// Its sequence in the stream; that of the first one for a duplicate.
    pub sequence: u64,
    /// Whether the stream had a message of this id already.
    pub duplicate: bool,
}

/// The last message of a subject.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LastMessage<M> {
    /// Its sequence in the stream.
    pub sequence: u64,
    /// What it says.
    pub message: M,
}

impl Bus {
    /// Publishes `message` under its Nats-Msg-Id and waits until it is stored.
    pub async fn publish<M: Message>(&self, message: &M, id: &str) -> Result<Stored, BusError> {
        self.publish_with(message, id, PublishOptions::default())
            .await
    }

    /// As [`Bus::publish`], with a lifetime or a guard.
    ///
    /// Fails with [`BusError::WrongLastSequence`] when the guard does not hold.
    pub async fn publish_with<M: Message>(
        &self,
        message: &M,
        id: &str,
        options: PublishOptions,
    ) -> Result<Stored, BusError> {
        let subject = message.subject();
        let payload = encode(&subject, message)?;
        self.publish_bytes(&subject, payload, id, options, HeaderMap::new())
            .await
    }

    /// Publishes bytes that were encoded before, on a subject without prefix.
    pub(crate) async fn publish_bytes(
        &self,
        subject: &str,
        payload: Bytes,
        id: &str,
        options: PublishOptions,
        headers: HeaderMap,
    ) -> Result<Stored, BusError> {
        self.send_bytes(subject, payload, id, options, headers)
            .await?
            .stored()
            .await
    }

    /// Sends bytes that were encoded before. Whether they are stored is still to be heard.
    pub(crate) async fn send_bytes(
        &self,
        subject: &str,
        payload: Bytes,
        id: &str,
        options: PublishOptions,
        headers: HeaderMap,
    ) -> Result<Sending, BusError> {
        let mut message = PublishMessage::build()
            .payload(payload)
            .headers(headers)
            .message_id(id);
        if let Some(ttl) = options.ttl {
            message = message.ttl(ttl);
        }
        if let Some(sequence) = options.expected_last_sequence {
            message = message.expected_last_subject_sequence(sequence);
        }
        let subject = self.prefix().subject(subject);
        let sent = self.jetstream.send_publish(subject, message).await;
        sent.map(Sending).map_err(publish_error)
    }

    /// The last message that the stream of `M` holds for `key`, if any.
    pub async fn last<M: Message>(&self, key: &Key) -> Result<Option<LastMessage<M>>, BusError> {
        let subject = M::TOPIC.subject(key);
        let stream = self.stream(M::TOPIC.stream()).await?;
        let last = stream
            .get_last_raw_message_by_subject(&self.prefix().subject(&subject))
            .await;
        match last {
            Ok(last) => {
                let message = decode(&subject, &last.payload)?;
                Ok(Some(LastMessage {
                    sequence: last.sequence,
                    message,
                }))
            }
            Err(error) if error.kind() == LastRawMessageErrorKind::NoMessageFound => Ok(None),
            Err(error) => Err(BusError::unavailable("reading the last message", error)),
        }
    }
}

/// A message on its way into its stream.
pub(crate) struct Sending(PublishAckFuture);

impl Sending {
    /// Waits until it is stored.
    pub(crate) async fn stored(self) -> Result<Stored, BusError> {
        let ack = self.0.await.map_err(publish_error)?;
        Ok(Stored {
            sequence: ack.sequence,
            duplicate: ack.duplicate,
        })
    }
}

/// The wire form of a message.
pub(crate) fn encode<T: serde::Serialize>(subject: &str, message: &T) -> Result<Bytes, BusError> {
    serde_json::to_vec(message)
        .map(Bytes::from)
        .map_err(|source| BusError::Malformed {
            subject: subject.to_owned(),
            source,
        })
}

/// Reads the wire form of a message.
pub(crate) fn decode<T: serde::de::DeserializeOwned>(
    subject: &str,
    payload: &[u8],
) -> Result<T, BusError> {
    serde_json::from_slice(payload).map_err(|source| BusError::Malformed {
        subject: subject.to_owned(),
        source,
    })
}

fn publish_error(error: async_nats::jetstream::context::PublishError) -> BusError {
    match error.kind() {
        PublishErrorKind::WrongLastSequence => BusError::WrongLastSequence,
        PublishErrorKind::StreamNotFound => BusError::NoStream,
        PublishErrorKind::WrongLastMessageId
        | PublishErrorKind::TimedOut
        | PublishErrorKind::BrokenPipe
        | PublishErrorKind::MaxAckPending
        | PublishErrorKind::MaxPayloadExceeded
        | PublishErrorKind::Other => BusError::unavailable("publishing", error),
    }
}
