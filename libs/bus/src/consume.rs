//! Consuming with acknowledgements: a handler says what came of a message, the bus tells the
//! server.

use std::future::Future;
use std::pin::pin;
use std::time::Duration;

use async_nats::jetstream::consumer::{Consumer as ServerConsumer, pull};
use async_nats::jetstream::{AckKind, Message};
use contracts::{Stream, Topic};
use futures::stream::FuturesUnordered;
use futures::{StreamExt, future};
use metrics::counter;
use store::Db;
use store::dead_letter::{self, DeadLetter};
use tokio::time::{MissedTickBehavior, interval, sleep, timeout};
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

use crate::{Bus, BusError, Consumer, Delivery, Failure, headers, inbox};

/// How long one request for messages stands.
const REQUEST_EXPIRES: Duration = Duration::from_secs(5);
/// How often an idle server must say that it lives.
const HEARTBEAT: Duration = Duration::from_millis(500);
/// The pause before reading is resumed.
const RESUME_DELAY: Duration = Duration::from_millis(500);
/// How often Postgres is asked whether it is back.
const DATABASE_CHECK: Duration = Duration::from_millis(500);
/// How many signs of life a handler gives within one `ack_wait`.
const SIGNS_OF_LIFE: u32 = 3;

impl Bus {
    /// Hands every message of `consumer` to `handler`, until `shutdown`: then no more are taken,
    /// and those begun are finished.
    ///
    /// A handler that returns `Ok` is done with the message; the bus acknowledges only then. One
    /// that takes longer than the consumer's limit is given up and tried again. While our own
    /// database is down, a failed message is held, then handled again, and not counted against.
    ///
    /// Fails when the server refuses the consumer for a reason that does not pass; what was begun
    /// is then delivered again.
    pub async fn consume<H, F>(
        self,
        db: Db,
        consumer: Consumer,
        handler: H,
        shutdown: CancellationToken,
    ) -> Result<(), BusError>
    where
        H: Fn(Delivery) -> F + Send + Sync,
        F: Future<Output = Result<(), Failure>> + Send,
    {
        let reads = consumer.by_stream().into_iter().map(|(stream, topics)| {
            let (bus, db, shutdown) = (self.clone(), db.clone(), shutdown.clone());
            let reading = Reading {
                bus,
                db,
                consumer: &consumer,
                stream,
                topics,
                handler: &handler,
                shutdown,
            };
            async move {
                // Either of them ends before the shutdown only when a person must look.
                future::try_join(Box::pin(reading.run()), Box::pin(reading.sweep())).await
            }
        });
        tokio::select! {
            ended = future::try_join_all(reads) => ended.map(drop),
            never = inbox::keep_clear(&db, &consumer) => match never {},
        }
    }
}

/// The part of a consumer that lies in one stream.
struct Reading<'a, H> {
    bus: Bus,
    db: Db,
    consumer: &'a Consumer,
    stream: Stream,
    topics: Vec<Topic>,
    handler: &'a H,
    shutdown: CancellationToken,
}

impl<H, F> Reading<'_, H>
where
    H: Fn(Delivery) -> F + Send + Sync,
    F: Future<Output = Result<(), Failure>> + Send,
{
    async fn run(&self) -> Result<(), BusError> {
        while !self.shutdown.is_cancelled() {
            match self.read().await {
                Ok(()) => {}
                Err(error) if error.may_pass() => {
                    warn!(consumer = self.consumer.durable(), %error, "consuming is resumed");
                    self.shutdown.run_until_cancelled(sleep(RESUME_DELAY)).await;
                }
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    async fn sweep(&self) -> Result<(), BusError> {
        self.bus
            .sweep(&self.db, self.consumer, self.stream, &self.shutdown)
            .await
    }

    /// Reads until the shutdown or until the server must be asked anew.
    async fn read(&self) -> Result<(), BusError> {
        let mut messages = self.open().await?;
        let mut running = FuturesUnordered::new();
        let ended = loop {
            let may_take = running.len() < self.consumer.at_once;
            tokio::select! {
                () = self.shutdown.cancelled() => break Ok(()),
                Some(()) = running.next() => {}
                next = messages.next(), if may_take => match next {
                    Some(Ok(message)) => running.push(self.handle(message)),
                    Some(Err(error)) => break Err(BusError::unavailable("consuming", error)),
                    None => break Err(BusError::unavailable("consuming", "the reader ended")),
                },
            }
        };
        while running.next().await.is_some() {}
        ended
    }

    async fn open(&self) -> Result<pull::Stream, BusError> {
        let name = self.bus.prefix().stream(self.stream.name());
        let config = self.consumer.config(self.bus.prefix(), &self.topics);
        let consumer: ServerConsumer<pull::Config> = self
            .bus
            .jetstream
            .create_consumer_on_stream(config, &name)
            .await
            .map_err(|cause| BusError::of_consumer("creating a consumer", name, cause))?;
        consumer
            .stream()
            .max_messages_per_batch(self.consumer.at_once)
            .expires(REQUEST_EXPIRES)
            .heartbeat(HEARTBEAT)
            .messages()
            .await
            .map_err(|cause| BusError::unavailable("asking for messages", cause))
    }

    async fn handle(&self, message: Message) {
        let subject = self
            .bus
            .prefix()
            .strip(&message.subject)
            .unwrap_or(&message.subject);
        let delivery = match Delivery::read(&message, subject, &self.topics) {
            Ok(delivery) => delivery,
            Err(error) => {
                error!(consumer = self.consumer.durable(), %error, "a delivery is not readable");
                return;
            }
        };
        let outcome = self.while_alive(&message, self.try_to_handle(&delivery));
        let kind = match outcome.await {
            Ok(()) => AckKind::Ack,
            Err(failure) => {
                let failed = self.failed(&message, &delivery, &failure);
                self.while_alive(&message, failed).await
            }
        };
        self.count(&delivery, kind);
        if let Err(error) = message.ack_with(kind).await {
            // The server delivers it again, and the inbox knows it.
            warn!(consumer = self.consumer.durable(), %error, "an acknowledgement was not sent");
        }
    }

    /// Awaits `work`, telling the server meanwhile that it is in progress.
    async fn while_alive<T>(&self, message: &Message, work: impl Future<Output = T>) -> T {
        let mut work = pin!(work);
        let mut signs = interval(self.consumer.ack_wait / SIGNS_OF_LIFE);
        signs.set_missed_tick_behavior(MissedTickBehavior::Delay);
        signs.tick().await;
        loop {
            tokio::select! {
                done = &mut work => return done,
                _ = signs.tick() => {
                    if let Err(error) = message.ack_with(AckKind::Progress).await {
                        warn!(consumer = self.consumer.durable(), %error, "progress was not told");
                    }
                }
            }
        }
    }

    /// Lets the handler have the message, once more for every time that our own database was away
    /// when it failed: no number of deliveries outlasts an outage.
    async fn try_to_handle(&self, delivery: &Delivery) -> Result<(), Failure> {
        let mut excused = false;
        loop {
            let handled = self.try_once(delivery).await;
            let Err(failure @ Failure::Retry(_)) = &handled else {
                return handled;
            };
            if self.db.ping().await.is_ok() {
                // Back already, or it is the statement that takes too long: once is an excuse.
                if excused || !failure.blames_postgres() {
                    return handled;
                }
                excused = true;
            } else if !self.until_database().await {
                return handled;
            }
        }
    }

    async fn try_once(&self, delivery: &Delivery) -> Result<(), Failure> {
        let limit = self.consumer.handler_limit;
        let handled = timeout(limit, (self.handler)(delivery.clone())).await;
        handled.unwrap_or_else(|_elapsed| Err(Failure::retry(TooLong { limit })))
    }

    /// Waits until Postgres answers; false if the shutdown came first.
    async fn until_database(&self) -> bool {
        let answering = async {
            while self.db.ping().await.is_err() {
                sleep(DATABASE_CHECK).await;
            }
        };
        let answered = self.shutdown.run_until_cancelled(answering).await;
        answered.is_some()
    }

    /// What the server is told about a message whose handler failed.
    async fn failed(&self, message: &Message, delivery: &Delivery, failure: &Failure) -> AckKind {
        let cause = failure.causes();
        let last = delivery.delivered >= self.consumer.deliveries;
        if last || matches!(failure, Failure::Poison(_)) {
            return self.give_up(message, delivery, &cause).await;
        }
        let (consumer, id) = (self.consumer.durable(), &delivery.id);
        info!(
            consumer,
            id,
            delivered = delivery.delivered,
            cause,
            "a message is tried again"
        );
        AckKind::Nak(Some(Consumer::retry_delay(delivery.delivered)))
    }

    /// Parks a message for a person. Terminating alone would park it nowhere.
    async fn give_up(&self, message: &Message, delivery: &Delivery, cause: &str) -> AckKind {
        let consumer = self.consumer.durable();
        if !self.consumer.parks {
            warn!(
                consumer,
                sequence = delivery.sequence,
                "a message was dropped"
            );
            return AckKind::Term;
        }
        let letter = self.letter(message, delivery, cause);
        match self.park(&letter).await {
            Ok(()) => {
                error!(consumer, id = delivery.id, cause, "a message was parked");
                AckKind::Term
            }
            Err(error) => {
                // Should this have been the server's last delivery, the sweep parks it.
                error!(consumer, id = delivery.id, %error, "a message could not be parked");
                AckKind::Nak(Some(Consumer::retry_delay(u32::MAX)))
            }
        }
    }

    /// Parks a letter, as soon as Postgres answers.
    async fn park(&self, letter: &DeadLetter) -> store::Result<()> {
        loop {
            match dead_letter::park(&self.db, letter).await {
                Err(store::Error::Unavailable(_)) if self.until_database().await => {
                    // It may answer and still take nothing, as one that only reads.
                    sleep(DATABASE_CHECK).await;
                }
                parked => return parked,
            }
        }
    }

    /// What a person gets to see: the delivery's own bytes, for the stream may have dropped them.
    fn letter(&self, message: &Message, delivery: &Delivery, cause: &str) -> DeadLetter {
        let headers = message.headers.clone().unwrap_or_default();
        DeadLetter {
            consumer: self.consumer.name.to_owned(),
            stream: self.stream.name().to_owned(),
            stream_sequence: i64::try_from(delivery.sequence).unwrap_or(i64::MAX),
            subject: delivery.subject.clone(),
            message_id: Some(delivery.id.clone()),
            headers: headers::to_json(&headers),
            payload: message.payload.to_vec(),
            cause: cause.to_owned(),
            deliveries: i64::from(delivery.delivered),
        }
    }

    fn count(&self, delivery: &Delivery, kind: AckKind) {
        let outcome = match kind {
            AckKind::Ack => "done",
            AckKind::Term => "given_up",
            AckKind::Nak(_) | AckKind::Progress | AckKind::Next => "retried",
        };
        let topic = delivery.topic.pattern();
        counter!("bus_handled_total", "consumer" => self.consumer.name, "topic" => topic,
            "outcome" => outcome)
        .increment(1);
    }
}

/// A handler that did not come back.
#[derive(Debug, thiserror::Error)]
#[error("expected the handler to be done within {} s", limit.as_secs_f32())]
struct TooLong {
    limit: Duration,
}
