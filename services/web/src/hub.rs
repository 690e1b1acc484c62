//! What is heard on NATS, fanned out to this process's clients: one subscription per subject,
//! however many of them listen.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use bus::{Bus, BusError, Heard, Listener};
use futures::{Stream, StreamExt, stream};
use runtime::Context;
use serde::de::DeserializeOwned;
use tokio::sync::Mutex;
use tokio::sync::broadcast::{self, Receiver, Sender, error::RecvError};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

/// How many updates wait for a client that is slow to take them; the oldest are then dropped.
const QUEUE: usize = 256;

/// A subscription that NATS has not confirmed by then has failed.
const SUBSCRIBE_WITHIN: Duration = Duration::from_secs(2);

/// Listens on behalf of everybody. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Hub {
    bus: Bus,
    context: Context,
    channels: Arc<Mutex<HashMap<String, Sender<Heard>>>>,
}

impl Hub {
    /// A hub without listeners.
    pub(crate) fn new(bus: Bus, context: Context) -> Self {
        Self {
            bus,
            context,
            channels: Arc::default(),
        }
    }

    /// Hears what is said on `subject` from now on. What a slow listener misses is gone; what
    /// cannot be read is skipped.
    pub(crate) async fn hear<M>(
        &self,
        subject: &str,
    ) -> Result<impl Stream<Item = M> + Send + use<M>, BusError>
    where
        M: DeserializeOwned + Send,
    {
        let receiver = self.receiver(subject).await?;
        Ok(
            stream::unfold(receiver, next).filter_map(async |heard| match heard.decode() {
                Ok(update) => Some(update),
                Err(error) => {
                    tracing::warn!(%error, "an update cannot be read");
                    None
                }
            }),
        )
    }

    async fn receiver(&self, subject: &str) -> Result<Receiver<Heard>, BusError> {
        let mut channels = self.channels.lock().await;
        if let Some(sender) = channels.get(subject) {
            return Ok(sender.subscribe());
        }
        let listener = match timeout(SUBSCRIBE_WITHIN, self.bus.listen(subject)).await {
            Ok(listener) => listener?,
            Err(elapsed) => {
                let source = Box::new(elapsed);
                return Err(BusError::Unavailable {
                    doing: "subscribing",
                    source,
                });
            }
        };
        let (sender, receiver) = broadcast::channel(QUEUE);
        channels.insert(subject.to_owned(), sender.clone());
        metrics::gauge!("battlesbit_web_subjects").increment(1.0);
        let hub = self.clone();
        let subject = subject.to_owned();
        self.context.spawn("subject", async move {
            hub.pass_on(&subject, listener, sender).await;
            Ok(())
        });
        Ok(receiver)
    }

    /// Passes on until nobody listens any more.
    async fn pass_on(&self, subject: &str, mut listener: Listener, sender: Sender<Heard>) {
        let shutdown: CancellationToken = self.context.shutdown();
        loop {
            let heard = tokio::select! {
                heard = listener.next() => heard,
                () = sender.closed() => None,
                () = shutdown.cancelled() => None,
            };
            if let Some(heard) = heard {
                // Nobody may be listening just now; the next turn of the loop sees to that.
                sender.send(heard).ok();
                continue;
            }
            let mut channels = self.channels.lock().await;
            // Somebody may have come while the lock was awaited.
            if sender.receiver_count() == 0 || shutdown.is_cancelled() {
                channels.remove(subject);
                metrics::gauge!("battlesbit_web_subjects").decrement(1.0);
                return;
            }
        }
    }
}

async fn next(mut receiver: Receiver<Heard>) -> Option<(Heard, Receiver<Heard>)> {
    loop {
        match receiver.recv().await {
            Ok(heard) => return Some((heard, receiver)),
            Err(RecvError::Lagged(missed)) => {
                metrics::counter!("battlesbit_web_updates_missed").increment(missed);
            }
            Err(RecvError::Closed) => return None,
        }
    }
}
