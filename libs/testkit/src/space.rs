//! A test's own corner of the suite's NATS, Redis and Temporal.

use std::time::Duration;

use anyhow::Context;
use async_nats::jetstream::consumer::pull::OrderedConfig;
use async_nats::jetstream::{self, message::PublishMessage};
use contracts::{Message, Stream};
use futures::{StreamExt, TryStreamExt};
use uuid::Uuid;

use crate::cleanup;
use crate::environment::{nats_url, redis_url};
use crate::eventually;

/// The least that the server takes for a window of deduplication.
const SHORTEST_WINDOW: Duration = Duration::from_millis(100);
/// How long it may take until a message is no duplicate any more.
const PATIENCE: Duration = Duration::from_secs(60);

/// A prefix that no other test has. The streams and keys below it are removed with the value.
pub struct Space {
    prefix: String,
    nats_url: String,
    redis_url: String,
}

impl Space {
    /// A corner of the suite's servers.
    #[expect(clippy::new_without_default, reason = "two spaces are never the same")]
    pub fn new() -> Self {
        Self::on(nats_url(), redis_url())
    }

    /// A corner of other servers.
    pub fn on(nats_url: String, redis_url: String) -> Self {
        let id = runtime::ids::mint::<Uuid>().simple().to_string();
        // The end of the id is its random part.
        Self {
            prefix: format!("t{}", &id[16..]),
            nats_url,
            redis_url,
        }
    }

    /// Letters and digits: goes before subjects, streams, task queues and whatever else is shared.
    pub fn prefix(&self) -> &str {
        &self.prefix
    }

    /// Goes before every key in Redis.
    pub fn redis_prefix(&self) -> String {
        format!("{}:", self.prefix)
    }

    /// The NATS that this corner belongs to.
    pub fn nats_url(&self) -> &str {
        &self.nats_url
    }

    /// The Redis that this corner belongs to.
    pub fn redis_url(&self) -> &str {
        &self.redis_url
    }

    /// Publishes `message` under an id that its stream has seen, and gets it past the stream's
    /// deduplication, whose window this shortens to the least.
    pub async fn publish_again<M: Message>(&self, message: &M, id: &str) {
        if let Err(cause) = self.try_publish_again(message, id).await {
            panic!("{id} could not be published again: {cause:#}");
        }
    }

    async fn try_publish_again<M: Message>(&self, message: &M, id: &str) -> anyhow::Result<()> {
        let subject = format!("{}.{}", self.prefix, message.subject());
        let publish = PublishMessage::build()
            .payload(serde_json::to_vec(message)?.into())
            .message_id(id);
        self.publish_past(M::TOPIC.stream(), &subject, publish)
            .await
    }

    /// Publishes all that a stream holds once more, each message as it came, its id too, and past
    /// the stream's deduplication. Answers their subjects, without the prefix.
    pub async fn publish_all_again(&self, stream: Stream) -> Vec<String> {
        match self.try_publish_all_again(stream).await {
            Ok(subjects) => subjects,
            Err(cause) => panic!("{stream:?} could not be published again: {cause:#}"),
        }
    }

    async fn try_publish_all_again(&self, stream: Stream) -> anyhow::Result<Vec<String>> {
        let jetstream = self.jetstream().await?;
        let mut held = jetstream.get_stream(self.stream_name(stream)).await?;
        let count = usize::try_from(held.info().await?.state.messages)?;
        if count == 0 {
            return Ok(Vec::new());
        }
        let reader = held.create_consumer(OrderedConfig::default()).await?;
        let messages = reader.messages().await?.take(count);
        let messages: Vec<_> = messages.try_collect().await?;
        let mut subjects = Vec::with_capacity(count);
        for message in messages {
            let publish = PublishMessage::build()
                .payload(message.payload.clone())
                .headers(message.headers.clone().unwrap_or_default());
            self.publish_past(stream, &message.subject, publish).await?;
            let subject = message.subject.strip_prefix(&format!("{}.", self.prefix));
            subjects.push(subject.context("a subject of ours")?.to_owned());
        }
        Ok(subjects)
    }

    /// Publishes under an id that the stream may have seen.
    async fn publish_past(
        &self,
        stream: Stream,
        subject: &str,
        publish: PublishMessage,
    ) -> anyhow::Result<()> {
        let jetstream = self.jetstream().await?;
        eventually(PATIENCE, async || {
            let stored = jetstream
                .send_publish(subject.to_owned(), publish.clone())
                .await
                .ok()?
                .await
                .ok()?;
            if stored.duplicate {
                self.forget_ids(stream).await.ok()?;
            }
            (!stored.duplicate).then_some(())
        })
        .await;
        Ok(())
    }

    /// Lets a stream forget the ids that it has seen, but those of this moment.
    ///
    /// A slow server looks for what to forget before it has the new window, and again only when
    /// the old one ends: whoever still finds an id there asks again, and gets another window.
    pub async fn forget_ids(&self, stream: Stream) -> anyhow::Result<()> {
        let jetstream = self.jetstream().await?;
        let name = self.stream_name(stream);
        let mut config = jetstream
            .get_stream(&name)
            .await?
            .cached_info()
            .config
            .clone();
        config.duplicate_window = if config.duplicate_window == SHORTEST_WINDOW {
            SHORTEST_WINDOW + Duration::from_millis(1)
        } else {
            SHORTEST_WINDOW
        };
        jetstream.update_stream(config).await?;
        Ok(())
    }

    /// Lets a stream hold at most so many messages from now on: it drops its oldest.
    pub async fn hold_at_most(&self, stream: Stream, messages: i64) -> anyhow::Result<()> {
        let jetstream = self.jetstream().await?;
        let held = jetstream.get_stream(self.stream_name(stream)).await?;
        let mut config = held.cached_info().config.clone();
        config.max_messages = messages;
        jetstream.update_stream(config).await?;
        Ok(())
    }

    fn stream_name(&self, stream: Stream) -> String {
        format!("{}_{}", self.prefix, stream.name())
    }

    async fn jetstream(&self) -> anyhow::Result<jetstream::Context> {
        let client = async_nats::connect(&self.nats_url).await;
        Ok(jetstream::new(client.context("nats does not answer")?))
    }

    /// Waits until a durable consumer, such as `matcher_join`, has handled all that is stored.
    pub async fn drained(&self, stream: Stream, consumer: &str) {
        let jetstream = self.jetstream().await.expect("nats answers");
        let name = self.stream_name(stream);
        eventually(PATIENCE, async || {
            let stream = jetstream.get_stream_no_info(&name).await.ok()?;
            let info = stream.consumer_info(consumer).await.ok()?;
            (info.num_pending == 0 && info.num_ack_pending == 0).then_some(())
        })
        .await;
    }

    /// Waits until every durable consumer of a stream has handled all that is stored.
    pub async fn all_drained(&self, stream: Stream) {
        let jetstream = self.jetstream().await.expect("nats answers");
        let name = self.stream_name(stream);
        eventually(PATIENCE, async || {
            let stream = jetstream.get_stream_no_info(&name).await.ok()?;
            let consumers: Vec<_> = stream.consumers().try_collect().await.ok()?;
            let mut durable = consumers
                .iter()
                .filter(|info| info.config.durable_name.is_some());
            durable
                .all(|info| info.num_pending == 0 && info.num_ack_pending == 0)
                .then_some(())
        })
        .await;
    }

    async fn remove_streams(&self) -> anyhow::Result<()> {
        let jetstream = self.jetstream().await?;
        let ours = format!("{}_", self.prefix);
        let names: Vec<String> = jetstream.stream_names().try_collect().await?;
        for name in names.iter().filter(|name| name.starts_with(&ours)) {
            jetstream.delete_stream(name).await?;
        }
        Ok(())
    }

    async fn remove_keys(&self) -> anyhow::Result<()> {
        let client = redis::Client::open(self.redis_url.as_str())?;
        let mut connection = client
            .get_multiplexed_async_connection()
            .await
            .context("redis does not answer")?;
        let ours = format!("{}*", self.redis_prefix());
        let keys: Vec<String> = redis::cmd("KEYS")
            .arg(ours)
            .query_async(&mut connection)
            .await?;
        if !keys.is_empty() {
            let _removed: u64 = redis::cmd("DEL")
                .arg(keys)
                .query_async(&mut connection)
                .await?;
        }
        Ok(())
    }
}

impl Drop for Space {
    fn drop(&mut self) {
        cleanup::finish(async {
            let (streams, keys) = tokio::join!(self.remove_streams(), self.remove_keys());
            streams.and(keys)
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn jetstream() -> jetstream::Context {
        jetstream::new(async_nats::connect(nats_url()).await.unwrap())
    }

    async fn keys() -> redis::aio::MultiplexedConnection {
        let client = redis::Client::open(redis_url()).unwrap();
        client.get_multiplexed_async_connection().await.unwrap()
    }

    #[tokio::test]
    async fn a_space_takes_its_streams_and_keys_with_it_and_nobody_elses() {
        let (ours, theirs) = (Space::new(), Space::new());
        let jetstream = jetstream().await;
        for space in [&ours, &theirs] {
            let prefix = space.prefix();
            let config = jetstream::stream::Config {
                name: format!("{prefix}_MARKET"),
                subjects: vec![format!("{prefix}.market.>")],
                max_bytes: 1 << 20,
                ..Default::default()
            };
            jetstream.create_stream(config).await.unwrap();
            let key = format!("{}price", space.redis_prefix());
            let set = redis::cmd("SET").arg(key).arg(1).to_owned();
            set.exec_async(&mut keys().await).await.unwrap();
        }
        let gone = ours.prefix().to_owned();
        drop(ours);

        let found = async |prefix: &str| {
            let stream = jetstream
                .get_stream(format!("{prefix}_MARKET"))
                .await
                .is_ok();
            let exists = redis::cmd("EXISTS")
                .arg(format!("{prefix}:price"))
                .to_owned();
            (
                stream,
                exists.query_async::<bool>(&mut keys().await).await.unwrap(),
            )
        };
        assert_eq!(found(&gone).await, (false, false));
        assert_eq!(found(theirs.prefix()).await, (true, true));
    }
}
