//! Who consumes what, and on which terms.

use std::time::Duration;

use async_nats::jetstream::consumer::{AckPolicy, DeliverPolicy, pull};
use contracts::{Service, Stream, Topic};

use crate::Prefix;

/// The delay before the second delivery; it doubles with every further one.
const FIRST_RETRY_DELAY: Duration = Duration::from_millis(500);
/// The longest delay before another delivery.
const MAX_RETRY_DELAY: Duration = Duration::from_secs(30);
/// How many times a message is delivered.
const DELIVERIES: u32 = 6;
/// How many times a message is delivered whose handler needs more than our own servers. With the
/// delays between them it takes more than eleven minutes until a person has to see to it.
const PATIENT_DELIVERIES: u32 = 30;
/// How many messages of a patient consumer may be on their way for each that it handles: whoever's
/// mail server has it wait must not hold up everybody else's mail.
const WAITING_FOR_EACH: usize = 32;
/// How long a handler may take. Postgres gives up a statement sooner; this is for what never comes
/// back, such as an answer over a connection that only we believe in.
const HANDLER_LIMIT: Duration = Duration::from_secs(60);
/// How long a handler may be silent. Short, for a process that dies holds its message this long;
/// a living one says so several times meanwhile.
const ACK_WAIT: Duration = Duration::from_secs(5);

/// A durable consumer: one per service and name, shared by the service's replicas.
#[derive(Clone, Debug)]
pub struct Consumer {
    pub(crate) service: Service,
    /// Unique within the service, and its name in the inbox.
    pub name: &'static str,
    pub(crate) topics: &'static [Topic],
    pub(crate) at_once: usize,
    pub(crate) on_their_way: usize,
    pub(crate) deliveries: u32,
    pub(crate) handler_limit: Duration,
    pub(crate) ack_wait: Duration,
    pub(crate) parks: bool,
}

impl Consumer {
    /// A consumer of `topics`, of as many streams as they lie in: one message at a time and in
    /// order, six deliveries, a minute for each.
    pub const fn new(service: Service, name: &'static str, topics: &'static [Topic]) -> Self {
        let (at_once, deliveries, ack_wait) = (1, DELIVERIES, ACK_WAIT);
        Self {
            service,
            name,
            topics,
            at_once,
            on_their_way: at_once,
            deliveries,
            handler_limit: HANDLER_LIMIT,
            ack_wait,
            parks: true,
        }
    }

    /// Handles up to `at_once` messages at the same time, over all replicas. With more than one
    /// there is no order; with one, a failing message holds up those behind it.
    #[must_use]
    pub const fn at_once(mut self, at_once: usize) -> Self {
        self.at_once = at_once;
        self.on_their_way = at_once;
        self
    }

    /// Handles up to `at_once` messages at the same time in each replica, and goes on with others
    /// for ten minutes and longer while some fail: for a handler that needs a mail server or
    /// another program which may be away.
    #[must_use]
    pub const fn patient(mut self, at_once: usize) -> Self {
        self.at_once = at_once;
        self.on_their_way = at_once.saturating_mul(WAITING_FOR_EACH);
        self.deliveries = PATIENT_DELIVERIES;
        self
    }

    /// Gives up after so many deliveries, at least one.
    #[must_use]
    pub const fn deliveries(mut self, deliveries: u32) -> Self {
        self.deliveries = deliveries;
        self
    }

    /// How long the handler may take before it is given up and the message tried again.
    #[must_use]
    pub const fn handler_limit(mut self, limit: Duration) -> Self {
        self.handler_limit = limit;
        self
    }

    /// How long the server waits for a sign of life of a handler before it delivers again.
    #[must_use]
    pub const fn ack_wait(mut self, ack_wait: Duration) -> Self {
        self.ack_wait = ack_wait;
        self
    }

    /// Drops a message at the limit instead of parking it: for what must never be kept, such as
    /// one-time codes.
    #[must_use]
    pub const fn without_dead_letters(mut self) -> Self {
        self.parks = false;
        self
    }

    /// The durable name on the server.
    pub(crate) fn durable(&self) -> String {
        format!("{}_{}", self.service, self.name)
    }

    /// The streams that its topics lie in, each with those topics.
    pub(crate) fn by_stream(&self) -> Vec<(Stream, Vec<Topic>)> {
        let of = |stream: Stream| -> Vec<Topic> {
            self.topics
                .iter()
                .copied()
                .filter(|topic| topic.stream() == stream)
                .collect()
        };
        let all = Stream::ALL.into_iter().map(|stream| (stream, of(stream)));
        all.filter(|(_, topics)| !topics.is_empty()).collect()
    }

    /// What the server is told. It gives up one delivery later than we do, so that a crash on our
    /// last one does not lose the message from sight.
    pub(crate) fn config(&self, prefix: &Prefix, topics: &[Topic]) -> pull::Config {
        let most = i64::try_from(self.on_their_way).unwrap_or(i64::MAX);
        pull::Config {
            durable_name: Some(self.durable()),
            deliver_policy: DeliverPolicy::All,
            ack_policy: AckPolicy::Explicit,
            ack_wait: self.ack_wait,
            max_deliver: i64::from(self.deliveries) + 1,
            max_ack_pending: most,
            filter_subjects: topics
                .iter()
                .map(|topic| prefix.subject(topic.pattern()))
                .collect(),
            ..pull::Config::default()
        }
    }

    /// How long the server waits before it delivers again what was delivered `delivered` times.
    pub(crate) fn retry_delay(delivered: u32) -> Duration {
        let doublings = delivered.saturating_sub(1).min(16);
        FIRST_RETRY_DELAY
            .saturating_mul(1 << doublings)
            .min(MAX_RETRY_DELAY)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_double_up_to_half_a_minute() {
        let seconds = |delivered| Consumer::retry_delay(delivered).as_secs_f32().to_string();
        assert_eq!(
            [1, 2, 3, 7, 1_000].map(seconds),
            ["0.5", "1", "2", "30", "30"]
        );
    }

    #[test]
    fn an_outage_of_ten_minutes_parks_nothing_of_a_patient_consumer() {
        const OUTAGE: Duration = Duration::from_secs(600);
        let consumer = Consumer::new(Service::Notifications, "email", &[Topic::Email]).patient(4);
        let delays = (1..consumer.deliveries).map(Consumer::retry_delay);
        assert!(delays.sum::<Duration>() > OUTAGE);
    }

    #[test]
    fn topics_of_several_streams_are_read_from_each() {
        const TOPICS: &[Topic] = &[
            Topic::ArenaBattle,
            Topic::MatchmakingAdd,
            Topic::ArenaPosition,
        ];
        let consumer = Consumer::new(Service::Matcher, "all", TOPICS);
        assert_eq!(
            consumer.by_stream(),
            [
                (
                    Stream::Arena,
                    vec![Topic::ArenaBattle, Topic::ArenaPosition]
                ),
                (Stream::Matchmaking, vec![Topic::MatchmakingAdd]),
            ]
        );
    }
}
