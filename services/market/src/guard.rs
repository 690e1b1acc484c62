//! Publishes entries one at a time, each only if nobody has published on its subject since.

#[cfg(test)]
mod tests;

use std::time::Duration;

use bus::{Bus, BusError, PublishOptions};
use contracts::Message;
use contracts::market::{Gap, Note, Offset, Tick, Watermark};
use tokio::time::sleep;

use crate::lease::Term;

/// The pause after NATS did not answer.
const RETRY_DELAY: Duration = Duration::from_millis(100);

/// A message that carries its leader's epoch.
pub(crate) trait Stamped: Message + PartialEq {
    fn epoch(&self) -> u64;
}

macro_rules! stamped {
    ($($message:ty),*) => {$(
        impl Stamped for $message {
            fn epoch(&self) -> u64 {
                self.epoch
            }
        }
    )*};
}

stamped!(Tick, Watermark, Gap, Note, Offset);

/// Why a leader may not publish any more.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Deposed {
    #[error("the lease could not be renewed in time")]
    Expired,
    #[error("another leader has taken over")]
    Superseded,
    #[error("nats refused an entry")]
    Refused(#[from] BusError),
}

/// Publishes `message` behind `last`, the last sequence of its subject, and moves `last` on.
///
/// While NATS does not answer it tries again, as long as the term lasts: an entry that was stored
/// without our knowing is recognised by its id or by its content. An entry of an earlier leader
/// that slipped in behind our claim is ignored by every reader, so ours follows it.
pub(crate) async fn publish<M: Stamped>(
    bus: &Bus,
    term: &Term,
    message: &M,
    id: &str,
    last: &mut u64,
) -> Result<(), Deposed> {
    loop {
        if !term.is_valid() {
            return Err(Deposed::Expired);
        }
        let guard = PublishOptions {
            expected_last_sequence: Some(*last),
            ttl: None,
        };
        match bus.publish_with(message, id, guard).await {
            Ok(stored) => {
                *last = stored.sequence;
                return Ok(());
            }
            Err(BusError::WrongLastSequence) => match bus.last::<M>(&message.key()).await {
                Ok(Some(found)) if found.message == *message => {
                    *last = found.sequence;
                    return Ok(());
                }
                Ok(Some(found)) if found.message.epoch() >= message.epoch() => {
                    return Err(Deposed::Superseded);
                }
                Ok(found) => *last = found.map_or(0, |found| found.sequence),
                Err(error) => pause(error).await?,
            },
            Err(error) => pause(error).await?,
        }
    }
}

/// Waits after an error that may pass.
async fn pause(error: BusError) -> Result<(), Deposed> {
    if !error.may_pass() {
        return Err(Deposed::Refused(error));
    }
    tracing::warn!(%error, "an entry is not stored yet");
    sleep(RETRY_DELAY).await;
    Ok(())
}
