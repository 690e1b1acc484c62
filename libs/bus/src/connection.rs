//! The connection: made once, kept for ever.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_nats::connection::State;
use async_nats::jetstream::{self, ContextBuilder};
use async_nats::{Client, ConnectOptions, Event};
use tokio::sync::watch;
use tracing::{info, warn};

use crate::answers::Answers;
use crate::settings::without_credentials;
use crate::{BusError, NatsSettings, Prefix};

/// How long the first connection and each reconnection may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// How long JetStream may take to answer.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(5);
/// How long a health check may take.
const PING_TIMEOUT: Duration = Duration::from_secs(1);
/// The pause after the first failed reconnection; it doubles.
const FIRST_RECONNECT_DELAY_MS: u64 = 50;
/// The longest pause between reconnections.
const MAX_RECONNECT_DELAY_MS: u64 = 1_000;
/// The oldest server that knows every stream field that we set.
const OLDEST_SERVER: (i64, i64, i64) = (2, 11, 0);
const OLDEST_SERVER_TEXT: &str = "2.11.0";

/// A connection to NATS. Cheap to clone; reconnects for ever.
#[derive(Clone, Debug)]
pub struct Bus {
    pub(crate) client: Client,
    pub(crate) jetstream: jetstream::Context,
    pub(crate) settings: Arc<NatsSettings>,
    pub(crate) answers: Arc<Answers>,
    /// How often something that was listened to may have been missed.
    pub(crate) interruptions: watch::Receiver<Counted>,
}

/// How often something that was listened to may have been missed, since the first connection.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Counted {
    /// Because the connection was lost.
    pub(crate) reconnections: u64,
    /// Because too much came at once.
    pub(crate) overflows: u64,
}

impl Bus {
    /// Connects, under the name of the process. Refuses a server that is too old; does not look
    /// at streams.
    pub async fn connect(settings: &NatsSettings, name: &str) -> Result<Self, BusError> {
        let servers: Vec<String> = settings.url.split(',').map(str::to_owned).collect();
        let (interrupted, interruptions) = watch::channel(Counted::default());
        let interrupted = Arc::new(interrupted);
        // Nothing can have been missed before the first connection.
        let is_first = Arc::new(AtomicBool::new(true));
        let client = ConnectOptions::new()
            .name(name)
            .connection_timeout(CONNECT_TIMEOUT)
            .reconnect_delay_callback(reconnect_delay)
            .event_callback(move |event| {
                let (is_first, interrupted) = (Arc::clone(&is_first), Arc::clone(&interrupted));
                async move { note(&event, &is_first, &interrupted) }
            })
            .connect(servers)
            .await
            .map_err(|cause| BusError::Connect {
                servers: without_credentials(&settings.url),
                source: cause.into(),
            })?;
        let (major, minor, patch) = OLDEST_SERVER;
        if !client.is_server_compatible(major, minor, patch) {
            return Err(BusError::OldServer {
                needed: OLDEST_SERVER_TEXT,
                found: client.server_info().version,
            });
        }
        let jetstream = ContextBuilder::new()
            .timeout(ANSWER_TIMEOUT)
            .ack_timeout(ANSWER_TIMEOUT)
            .backpressure_on_inflight(true)
            .build(client.clone());
        Ok(Self {
            client,
            jetstream,
            settings: Arc::new(settings.clone()),
            answers: Arc::default(),
            interruptions,
        })
    }

    /// Asks JetStream whether it is there: the readiness check of every service.
    pub async fn ping(&self) -> Result<(), BusError> {
        if self.client.connection_state() != State::Connected {
            return Err(BusError::unavailable("the connection", "disconnected"));
        }
        tokio::time::timeout(PING_TIMEOUT, self.jetstream.query_account())
            .await
            .map_err(|elapsed| BusError::unavailable("asking jetstream", elapsed))?
            .map_err(|cause| BusError::unavailable("asking jetstream", cause))?;
        Ok(())
    }

    /// What goes before every subject and stream name.
    pub fn prefix(&self) -> &Prefix {
        &self.settings.prefix
    }

    /// Sends what is buffered and closes the connection.
    pub async fn close(&self) {
        if let Err(error) = self.client.drain().await {
            warn!(%error, "nats did not drain");
        }
    }
}

/// Doubles from the first pause to the longest, so that a restart of NATS is noticed at once and
/// an outage is not hammered.
fn reconnect_delay(attempts: usize) -> Duration {
    let doublings = u32::try_from(attempts.saturating_sub(1))
        .unwrap_or(u32::MAX)
        .min(10);
    let delay_ms = FIRST_RECONNECT_DELAY_MS.saturating_mul(1_u64 << doublings);
    Duration::from_millis(delay_ms.min(MAX_RECONNECT_DELAY_MS))
}

fn note(event: &Event, is_first: &AtomicBool, interrupted: &watch::Sender<Counted>) {
    match event {
        Event::Connected => {
            info!("nats connected");
            if !is_first.swap(false, Ordering::Relaxed) {
                interrupted.send_modify(|it| it.reconnections = it.reconnections.wrapping_add(1));
            }
        }
        Event::Disconnected => warn!("nats disconnected"),
        Event::SlowConsumer(_) => {
            warn!(%event, "nats");
            interrupted.send_modify(|it| it.overflows = it.overflows.wrapping_add(1));
        }
        Event::LameDuckMode
        | Event::Draining
        | Event::Closed
        | Event::ServerError(_)
        | Event::ClientError(_) => warn!(%event, "nats"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reconnecting_starts_soon_and_never_waits_longer_than_a_second() {
        assert_eq!(reconnect_delay(1), Duration::from_millis(50));
        assert_eq!(reconnect_delay(3), Duration::from_millis(200));
        assert_eq!(reconnect_delay(1_000), Duration::from_secs(1));
    }
}
