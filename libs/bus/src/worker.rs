//! What every service that hears messages sets going as its own tasks.

use std::collections::BTreeMap;
use std::time::Duration;

use contracts::Stream;
use metrics::gauge;
use runtime::{Context, causes};
use store::{Db, dead_letter};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use tracing::warn;

use crate::{Bus, Consumer, Delivery, Failure};

/// How often the messages that wait for a person are counted.
const COUNT_EVERY: Duration = Duration::from_secs(15);

/// A service's context, bus and database, while it starts.
#[derive(Clone, Copy)]
pub struct Worker<'a> {
    /// Where its tasks run, and what says that they must stop.
    pub context: &'a Context,
    /// What it hears by.
    pub bus: &'a Bus,
    /// Where it keeps what it has heard.
    pub db: &'a Db,
}

impl Worker<'_> {
    /// Lets readiness depend on Postgres and NATS, and shows how many of the service's messages wait for
    /// a person.
    pub fn watch(self) {
        let (bus, db) = (self.bus.clone(), self.db.clone());
        self.context.health.watch("postgres", move || {
            let db = db.clone();
            async move { Ok(db.ping().await?) }
        });
        self.context.health.watch("nats", move || {
            let bus = bus.clone();
            async move { Ok(bus.ping().await?) }
        });
        let counting = count_dead_letters(
            self.db.clone(),
            self.context.service.name,
            self.context.shutdown(),
        );
        self.context.spawn("dead letters", async move {
            counting.await;
            Ok(())
        });
    }

    /// Hands every delivery of `consumer` to `handle`, together with what handlers work with.
    pub fn hear<A, H, F>(self, app: &A, consumer: Consumer, handle: H)
    where
        A: Clone + Send + Sync + 'static,
        H: Fn(A, Delivery) -> F + Send + Sync + 'static,
        F: Future<Output = Result<(), Failure>> + Send + 'static,
    {
        let (name, app) = (consumer.name, app.clone());
        let (bus, db, shutdown) = (self.bus.clone(), self.db.clone(), self.context.shutdown());
        let handler = move |delivery| handle(app.clone(), delivery);
        let consuming = bus.consume(db, consumer, handler, shutdown);
        self.context
            .spawn(name, async move { Ok(consuming.await?) });
    }

    /// Publishes what the service's transactions announce.
    pub fn relay(self) {
        let relaying = self
            .bus
            .clone()
            .relay(self.db.clone(), self.context.shutdown());
        self.context
            .spawn("outbox relay", async move { Ok(relaying.await?) });
    }
}

/// Shows how many messages wait for a person, until `shutdown`. They stay in the table, so that they are
/// shown whoever parked them, and by a process that began after that.
async fn count_dead_letters(db: Db, service: &'static str, shutdown: CancellationToken) {
    // What was shown once has to be shown as none in the end.
    let mut counts: BTreeMap<String, i64> = Stream::ALL.map(|it| (it.name().to_owned(), 0)).into();
    let counting = async {
        loop {
            match dead_letter::count_own(&db).await {
                Ok(waiting) => {
                    counts.values_mut().for_each(|messages| *messages = 0);
                    counts.extend(waiting.into_iter().map(|it| (it.stream, it.messages)));
                    for (stream, messages) in &counts {
                        let shown = u32::try_from(*messages).unwrap_or(u32::MAX);
                        gauge!("bus_dead_letters", "service" => service, "stream" => stream.clone())
                            .set(f64::from(shown));
                    }
                }
                Err(error) => warn!(cause = causes(&error), "dead letters were not counted"),
            }
            sleep(COUNT_EVERY).await;
        }
    };
    shutdown.run_until_cancelled(counting).await;
}
