//! What every service that hears messages sets going as its own tasks.

use runtime::Context;
use store::Db;

use crate::{Bus, Consumer, Delivery, Failure};

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
    /// Lets readiness depend on Postgres and NATS.
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
