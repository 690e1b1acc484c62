//! Shouting and listening on core NATS: lossy by design, the latest wins.

use async_nats::Subscriber;
use bytes::Bytes;
use contracts::live::Live;
use futures::StreamExt;
use serde::de::DeserializeOwned;

use crate::publish::{decode, encode};
use crate::{Bus, BusError};

/// Something that was shouted.
#[derive(Clone, Debug)]
pub struct Heard {
    /// The subject, without prefix.
    pub subject: String,
    /// The update, encoded.
    pub payload: Bytes,
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
        })
    }
}

impl Listener {
    /// The next update; `None` once the connection is closed for good.
    pub async fn next(&mut self) -> Option<Heard> {
        loop {
            let message = self.subscriber.next().await?;
            if let Some(subject) = self.bus.prefix().strip(&message.subject) {
                return Some(Heard {
                    subject: subject.to_owned(),
                    payload: message.payload,
                });
            }
        }
    }
}
