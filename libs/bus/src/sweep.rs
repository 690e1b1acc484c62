//! Sweeping up what the server gave up on: a message whose handler died on every delivery never
//! came back to us to be parked.

use std::time::Duration;

use async_nats::jetstream::Message;
use async_nats::jetstream::consumer::{AckPolicy, pull};
use async_nats::jetstream::stream::RawMessageErrorKind;
use contracts::Stream;
use contracts::stream::{ADVISORIES, max_deliveries_advisory};
use futures::StreamExt;
use serde::Deserialize;
use store::Db;
use store::dead_letter::{self, DeadLetter};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use tracing::{error, warn};

use crate::{Bus, BusError, Consumer, headers};

/// The pause before sweeping is resumed.
const RESUME_DELAY: Duration = Duration::from_secs(1);
/// How long the server waits for an advisory to be swept.
const ACK_WAIT: Duration = Duration::from_secs(30);
/// How long one request for advisories stands.
const REQUEST_EXPIRES: Duration = Duration::from_secs(10);
/// How often an idle server must say that it lives.
const HEARTBEAT: Duration = Duration::from_secs(2);

/// What the server says when a message used up its deliveries.
#[derive(Deserialize)]
struct Advisory {
    stream_seq: u64,
    deliveries: i64,
}

impl Bus {
    /// Parks what the server gave up on for `consumer` in `stream`, until `shutdown`.
    pub(crate) async fn sweep(
        &self,
        db: &Db,
        consumer: &Consumer,
        stream: Stream,
        shutdown: &CancellationToken,
    ) -> Result<(), BusError> {
        if !consumer.parks {
            return Ok(());
        }
        loop {
            let swept = self.sweep_until_lost(db, consumer, stream);
            match shutdown.run_until_cancelled(swept).await {
                None => return Ok(()),
                Some(error) if error.may_pass() => {
                    warn!(consumer = consumer.durable(), %error, "sweeping is resumed");
                    shutdown.run_until_cancelled(sleep(RESUME_DELAY)).await;
                }
                Some(error) => return Err(error),
            }
        }
    }

    /// Sweeps until the server must be asked anew; says why.
    async fn sweep_until_lost(&self, db: &Db, consumer: &Consumer, stream: Stream) -> BusError {
        let mut advisories = match self.advisories(consumer, stream).await {
            Ok(advisories) => advisories,
            Err(error) => return error,
        };
        while let Some(advisory) = advisories.next().await {
            let swept = match advisory {
                Ok(advisory) => self.sweep_one(db, consumer, stream, &advisory).await,
                Err(error) => Err(BusError::unavailable("sweeping", error)),
            };
            if let Err(error) = swept {
                return error;
            }
        }
        BusError::unavailable("sweeping", "the reader ended")
    }

    async fn advisories(
        &self,
        consumer: &Consumer,
        stream: Stream,
    ) -> Result<pull::Stream, BusError> {
        let name = self.prefix().stream(stream.name());
        let config = pull::Config {
            durable_name: Some(format!("{}_{}", consumer.durable(), stream.name())),
            ack_policy: AckPolicy::Explicit,
            ack_wait: ACK_WAIT,
            filter_subject: max_deliveries_advisory(&name, &consumer.durable()),
            ..pull::Config::default()
        };
        let advisories = self.prefix().stream(ADVISORIES);
        self.jetstream
            .create_consumer_on_stream(config, &advisories)
            .await
            .map_err(|cause| BusError::of_consumer("creating a consumer", advisories, cause))?
            .stream()
            .expires(REQUEST_EXPIRES)
            .heartbeat(HEARTBEAT)
            .messages()
            .await
            .map_err(|cause| BusError::unavailable("asking for advisories", cause))
    }

    async fn sweep_one(
        &self,
        db: &Db,
        consumer: &Consumer,
        stream: Stream,
        message: &Message,
    ) -> Result<(), BusError> {
        if let Ok(advisory) = serde_json::from_slice::<Advisory>(&message.payload) {
            self.park_given_up(db, consumer, stream, &advisory).await?;
        } else {
            error!(
                consumer = consumer.durable(),
                "an advisory of the server is not readable"
            );
        }
        message
            .ack()
            .await
            .map_err(|cause| BusError::unavailable("sweeping", cause))
    }

    async fn park_given_up(
        &self,
        db: &Db,
        consumer: &Consumer,
        stream: Stream,
        advisory: &Advisory,
    ) -> Result<(), BusError> {
        let sequence = advisory.stream_seq;
        let stored = match self.stream(stream).await?.get_raw_message(sequence).await {
            Ok(stored) => stored,
            Err(error) if error.kind() == RawMessageErrorKind::NoMessageFound => {
                error!(
                    consumer = consumer.durable(),
                    sequence, "a message was lost unhandled"
                );
                return Ok(());
            }
            Err(error) => return Err(BusError::unavailable("reading a message to park", error)),
        };
        let id = stored.headers.get(async_nats::header::NATS_MESSAGE_ID);
        let letter = DeadLetter {
            consumer: consumer.name.to_owned(),
            stream: stream.name().to_owned(),
            stream_sequence: i64::try_from(sequence).unwrap_or(i64::MAX),
            subject: self
                .prefix()
                .strip(&stored.subject)
                .unwrap_or_default()
                .to_owned(),
            message_id: id.map(|id| id.as_str().to_owned()),
            headers: headers::to_json(&stored.headers),
            payload: stored.payload.to_vec(),
            cause: "the handler never came back from a delivery".to_owned(),
            deliveries: advisory.deliveries,
        };
        dead_letter::park(db, &letter)
            .await
            .map_err(|cause| BusError::unavailable("parking a message", cause))?;
        error!(
            consumer = consumer.durable(),
            sequence, "a message was parked by the sweep"
        );
        Ok(())
    }
}
