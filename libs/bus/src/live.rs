//! Shouting and listening on core NATS: lossy by design, the latest wins. What a stream tells again is
//! lossy, too, but says where the stream keeps it.

use std::sync::atomic::Ordering;
use std::time::Duration;

use async_nats::header::{NATS_MESSAGE_ID, NATS_SEQUENCE};
use async_nats::{Message, Subscriber};
use bytes::Bytes;
use contracts::live::Live;
use futures::StreamExt;
use serde::de::DeserializeOwned;
use tokio::sync::watch;
use tracing::warn;

use crate::connection::Counted;
use crate::ordered::header;
use crate::publish::{decode, encode};
use crate::{Bus, BusError};

/// The pause before the server is asked again whether it knows what we listen to.
const RETRY_DELAY: Duration = Duration::from_millis(200);

/// Something that was shouted, or is told again by the stream that stores it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heard {
    /// The subject, without prefix.
    pub subject: String,
    /// The update, encoded.
    pub payload: Bytes,
    /// Its sequence in the stream that tells it again.
    pub sequence: Option<u64>,
    /// The id that it was published under.
    pub id: Option<String>,
}

impl Heard {
    /// Reads the update.
    pub fn decode<L: DeserializeOwned>(&self) -> Result<L, BusError> {
        decode(&self.subject, &self.payload)
    }
}

/// Hears what is shouted on a subject or pattern, until it is dropped. Survives reconnections,
/// without what was shouted meanwhile.
#[derive(Debug)]
pub struct Listener {
    subscriber: Subscriber,
    bus: Bus,
    /// How many connections there had been when it last looked.
    connections: u64,
}

impl Bus {
    /// Tells whoever listens right now. Never waits: fails where there is no room any more for what
    /// goes to the server, as after a while without it.
    pub fn shout<L: Live>(&self, update: &L) -> Result<(), BusError> {
        let subject = update.subject();
        let payload = encode(&subject, update)?;
        self.send_now("shouting", self.prefix().subject(&subject), payload)
    }

    /// Listens on a subject of `contracts::live`, with `*` where it says so.
    pub async fn listen(&self, subject: &str) -> Result<Listener, BusError> {
        let connections = self.connections();
        let subscriber = self
            .client
            .subscribe(self.prefix().subject(subject))
            .await
            .map_err(|cause| BusError::unavailable("subscribing", cause))?;
        // The server must know of the subscription before anything that the caller causes next, on
        // whatever connection: a flush only sends it.
        self.echo().await?;
        Ok(Listener {
            subscriber,
            bus: self.clone(),
            connections,
        })
    }

    /// How often it has connected. It counts before it asks for what is listened to, so that whoever
    /// hears something over another connection sees another number.
    fn connections(&self) -> u64 {
        self.client.statistics().connects.load(Ordering::Relaxed)
    }
}

impl Listener {
    /// The next update; `None` once the connection is closed for good.
    pub async fn next(&mut self) -> Option<Heard> {
        loop {
            let message = self.subscriber.next().await?;
            if let Some(subject) = self.bus.prefix().strip(&message.subject) {
                return Some(heard(subject.to_owned(), message));
            }
        }
    }

    /// Whether something may be missing in front of what it heard last: it came over another connection
    /// than what was heard before. True once for each.
    pub fn was_interrupted(&mut self) -> bool {
        let connections = self.bus.connections();
        std::mem::replace(&mut self.connections, connections) != connections
    }
}

fn heard(subject: String, message: Message) -> Heard {
    let headers = message.headers.as_ref();
    let sequence = header(headers, NATS_SEQUENCE.as_ref());
    Heard {
        subject,
        sequence: sequence.and_then(|sequence| sequence.parse().ok()),
        id: header(headers, NATS_MESSAGE_ID.as_ref()),
        payload: message.payload,
    }
}

/// Says when something that was listened to may have been missed: the connection was lost, or too much
/// came at once.
#[derive(Debug)]
pub struct Interruptions {
    bus: Bus,
    counted: watch::Receiver<Counted>,
    reconnections: u64,
}

impl Bus {
    /// The interruptions from now on.
    pub fn interruptions(&self) -> Interruptions {
        let mut counted = self.interruptions.clone();
        let reconnections = counted.borrow_and_update().reconnections;
        Interruptions {
            bus: self.clone(),
            counted,
            reconnections,
        }
    }
}

impl Interruptions {
    /// Waits for the next one, and, where the connection was lost, until the server knows again what we
    /// listen to. Safe to cancel only for good: what was waited for is then forgotten.
    pub async fn next(&mut self) {
        if self.counted.changed().await.is_err() {
            return std::future::pending().await;
        }
        let Counted { reconnections, .. } = *self.counted.borrow_and_update();
        if std::mem::replace(&mut self.reconnections, reconnections) == reconnections {
            return;
        }
        while let Err(error) = self.bus.echo().await {
            warn!(%error, "the server is asked again what it knows of our subscriptions");
            tokio::time::sleep(RETRY_DELAY).await;
        }
    }
}
