//! Reading a stream in order from a checkpoint, without acknowledgements: the reader's own
//! checkpoint is what counts.

use std::fmt;
use std::time::Duration;

use async_nats::HeaderMap;
use async_nats::header::NATS_MESSAGE_ID;
use async_nats::jetstream::Message;
use async_nats::jetstream::consumer::{AckPolicy, DeliverPolicy, pull};
use async_nats::jetstream::stream::LastRawMessageErrorKind;
use bytes::Bytes;
use contracts::commands::ANSWER_TO;
use contracts::stream::StreamPlace;
use contracts::{Key, Stream, Topic};
use domain::market::Incarnation;
use futures::future::BoxFuture;
use futures::{FutureExt, StreamExt};
use tokio::time::timeout;
use tracing::warn;

use crate::publish::decode;
use crate::{Bus, BusError, Heard};

/// How many messages are asked for at once.
const BATCH: usize = 500;
/// How long one request for messages stands.
const REQUEST_EXPIRES: Duration = Duration::from_secs(5);
/// How often an idle server must say that it lives; two missed ones make a new reader.
const HEARTBEAT: Duration = Duration::from_millis(500);
/// After this long without us the server forgets the reader.
const INACTIVE_AFTER: Duration = Duration::from_secs(30);
/// A reader that hears nothing for so long asks whether anything is left to hear.
const SILENT_FOR: Duration = Duration::from_secs(1);
/// The pause before a new attempt.
const RETRY_DELAY: Duration = Duration::from_millis(200);

/// What a stream holds now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StreamBounds {
    /// Its name on the server.
    pub name: String,
    /// Which life of the stream.
    pub incarnation: Incarnation,
    /// The first sequence that it holds, or will hold.
    pub first: u64,
    /// The last sequence that was assigned; 0 is none.
    pub last: u64,
}

impl StreamBounds {
    /// The place behind the last message.
    pub const fn tail(&self) -> StreamPlace {
        StreamPlace {
            incarnation: self.incarnation,
            sequence: self.last,
        }
    }

    /// The place before the first message that it holds.
    pub const fn head(&self) -> StreamPlace {
        StreamPlace {
            incarnation: self.incarnation,
            sequence: self.first.saturating_sub(1),
        }
    }

    /// Refuses a place from which reading would silently start elsewhere.
    pub fn check(&self, place: StreamPlace) -> Result<(), BusError> {
        let stream = self.name.clone();
        if place.incarnation != self.incarnation {
            let (checkpoint, found) = (place.incarnation, self.incarnation);
            return Err(BusError::OtherIncarnation {
                stream,
                checkpoint,
                found,
            });
        }
        if place.sequence < self.first.saturating_sub(1) || place.sequence > self.last {
            let (first, last) = (self.first, self.last);
            return Err(BusError::OutsideStream {
                stream,
                sequence: place.sequence,
                first,
                last,
            });
        }
        Ok(())
    }
}

/// One message of a stream, in its place.
#[derive(Clone, Debug)]
pub struct Entry {
    /// What kind of message.
    pub topic: Topic,
    /// The subject, without prefix.
    pub subject: String,
    /// Its sequence in the stream.
    pub sequence: u64,
    /// When the stream stored it, on the server's clock, in nanoseconds since 1970.
    pub stored_at_ns: i64,
    /// Where an answer is awaited, if one is.
    pub answer_to: Option<String>,
    /// How many messages of the reader's topics lie behind it right now.
    pub pending: u64,
    headers: Option<HeaderMap>,
    payload: Bytes,
}

impl Entry {
    /// The message, encoded.
    pub fn payload(&self) -> &[u8] {
        &self.payload
    }

    /// Reads the message.
    pub fn decode<M: contracts::Message>(&self) -> Result<M, BusError> {
        decode(&self.subject, &self.payload)
    }

    /// As whoever had listened would have heard it.
    pub fn into_heard(self) -> Heard {
        Heard {
            sequence: Some(self.sequence),
            id: header(self.headers.as_ref(), NATS_MESSAGE_ID.as_ref()),
            subject: self.subject,
            payload: self.payload,
        }
    }
}

/// What a stream holds between two places, to be read once.
#[derive(Debug)]
pub struct Backlog {
    reader: OrderedReader,
    after: StreamPlace,
    up_to: u64,
    is_read: bool,
}

impl Backlog {
    /// The next message; none once all are handed out, and the stream still holds everything behind
    /// the place that they were asked for from. Otherwise something may have been dropped before it
    /// was read, and this fails as [`Bus::ordered`] does.
    pub async fn next(&mut self) -> Result<Option<Entry>, BusError> {
        if !self.is_read {
            let entry = self.reader.next_up_to(self.up_to).await?;
            // Nothing is waited for where the server knows of nothing more.
            self.is_read = entry.as_ref().is_none_or(|entry| entry.pending == 0);
            if entry.is_some() {
                return Ok(entry);
            }
        }
        let OrderedReader { bus, stream, .. } = &self.reader;
        bus.bounds(*stream).await?.check(self.after)?;
        Ok(None)
    }
}

/// Reads some topics of one stream in order. It recreates itself after a lost connection or a
/// restarted server, without a gap or a repeat.
pub struct OrderedReader {
    bus: Bus,
    stream: Stream,
    topics: Vec<Topic>,
    /// The subjects of these topics that it reads, without prefix.
    subjects: Vec<String>,
    /// The last message that was handed out.
    place: StreamPlace,
    source: Source,
}

enum Source {
    Opening(BoxFuture<'static, Result<pull::Stream, BusError>>),
    Reading {
        messages: Box<pull::Stream>,
        handed_out: u64,
    },
}

impl Bus {
    /// What the stream holds now.
    pub async fn bounds(&self, stream: Stream) -> Result<StreamBounds, BusError> {
        let found = self.stream(stream).await?;
        let info = found.cached_info();
        let created_ns = info.created.unix_timestamp_nanos();
        Ok(StreamBounds {
            name: info.config.name.clone(),
            incarnation: Incarnation(i64::try_from(created_ns).unwrap_or(i64::MAX)),
            first: info.state.first_sequence,
            last: info.state.last_sequence,
        })
    }

    /// Reads `topics` of `stream` from behind `place`.
    ///
    /// Fails with [`BusError::OtherIncarnation`] or [`BusError::OutsideStream`] where the server
    /// would start elsewhere in silence; so does [`OrderedReader::next`] when that becomes true
    /// later.
    pub async fn ordered(
        &self,
        stream: Stream,
        topics: &[Topic],
        place: StreamPlace,
    ) -> Result<OrderedReader, BusError> {
        let subjects = topics.iter().map(|topic| topic.pattern().to_owned());
        self.ordered_on(stream, topics, subjects.collect(), place)
            .await
    }

    /// As [`Bus::ordered`], of the messages under one key alone.
    pub async fn ordered_of(
        &self,
        stream: Stream,
        topics: &[Topic],
        key: &Key,
        place: StreamPlace,
    ) -> Result<OrderedReader, BusError> {
        let subjects = topics.iter().map(|topic| topic.subject(key)).collect();
        self.ordered_on(stream, topics, subjects, place).await
    }

    /// What `stream` holds of `topic` under one of `keys`, behind `after` and up to `up_to`; none if there
    /// is nothing. Fails as [`Bus::ordered`] does.
    pub async fn backlog(
        &self,
        topic: Topic,
        keys: &[Key],
        after: StreamPlace,
        up_to: u64,
    ) -> Result<Option<Backlog>, BusError> {
        let stream = topic.stream();
        let subjects: Vec<String> = keys.iter().map(|key| topic.subject(key)).collect();
        if !self.holds(stream, &subjects, after.sequence).await? {
            self.bounds(stream).await?.check(after)?;
            return Ok(None);
        }
        let reader = self.ordered_on(stream, &[topic], subjects, after).await?;
        Ok(Some(Backlog {
            reader,
            after,
            up_to,
            is_read: false,
        }))
    }

    /// Whether the stream holds anything on these subjects behind a sequence.
    async fn holds(
        &self,
        stream: Stream,
        subjects: &[String],
        after: u64,
    ) -> Result<bool, BusError> {
        let stream = self.stream(stream).await?;
        for subject in subjects {
            let subject = self.prefix().subject(subject);
            match stream.get_last_raw_message_by_subject(&subject).await {
                Ok(last) if last.sequence > after => return Ok(true),
                Ok(_) => {}
                Err(error) if error.kind() == LastRawMessageErrorKind::NoMessageFound => {}
                Err(error) => {
                    return Err(BusError::unavailable("reading the last message", error));
                }
            }
        }
        Ok(false)
    }

    async fn ordered_on(
        &self,
        stream: Stream,
        topics: &[Topic],
        subjects: Vec<String>,
        place: StreamPlace,
    ) -> Result<OrderedReader, BusError> {
        let messages = open(self.clone(), stream, subjects.clone(), place).await?;
        Ok(OrderedReader {
            bus: self.clone(),
            stream,
            topics: topics.to_vec(),
            subjects,
            place,
            source: Source::reading(messages),
        })
    }
}

impl Source {
    fn reading(messages: pull::Stream) -> Self {
        Self::Reading {
            messages: Box::new(messages),
            handed_out: 0,
        }
    }
}

impl OrderedReader {
    /// How far it has handed out.
    pub const fn place(&self) -> StreamPlace {
        self.place
    }

    /// The next message. Safe to cancel. Fails only for reasons that need a person.
    pub async fn next(&mut self) -> Result<Entry, BusError> {
        loop {
            match &mut self.source {
                Source::Opening(opening) => match opening.await {
                    Ok(messages) => self.source = Source::reading(messages),
                    Err(error) if error.may_pass() => self.reopen(&error),
                    Err(error) => return Err(error),
                },
                Source::Reading {
                    messages,
                    handed_out,
                } => {
                    let expected = *handed_out + 1;
                    match receive(messages, expected).await {
                        Ok(message) => {
                            *handed_out = expected;
                            if let Some(entry) = self.entry(message)? {
                                return Ok(entry);
                            }
                        }
                        Err(error) => self.reopen(&error),
                    }
                }
            }
        }
    }

    /// The next message up to `sequence`; none once all that the stream holds up to there are
    /// handed out. What was removed from the stream is not waited for.
    pub async fn next_up_to(&mut self, sequence: u64) -> Result<Option<Entry>, BusError> {
        while self.place.sequence < sequence {
            match timeout(SILENT_FOR, self.next()).await {
                Ok(entry) => {
                    return entry
                        .map(|entry| Some(entry).filter(|entry| entry.sequence <= sequence));
                }
                Err(_elapsed) => match self.skip_silence().await {
                    Ok(_) => {}
                    Err(error) if error.may_pass() => {
                        warn!(stream = self.stream.name(), %error, "a silent stream is not asked");
                    }
                    Err(error) => return Err(error),
                },
            }
        }
        Ok(None)
    }

    /// Moves on to the end of the stream if nothing more is there for this reader, so that the
    /// place of a quiet reader does not fall out of the stream. Answers its place.
    pub async fn skip_silence(&mut self) -> Result<StreamPlace, BusError> {
        let bounds = self.bus.bounds(self.stream).await?;
        bounds.check(self.place)?;
        let after = self.place.sequence;
        if !self.bus.holds(self.stream, &self.subjects, after).await? {
            self.place = bounds.tail();
        }
        Ok(self.place)
    }

    fn entry(&mut self, message: Message) -> Result<Option<Entry>, BusError> {
        let info = message
            .info()
            .map_err(|cause| BusError::unavailable("reading a message's place", cause))?;
        self.place.sequence = info.stream_sequence;
        let Some(subject) = self.bus.prefix().strip(&message.subject) else {
            return Ok(None);
        };
        let Some(topic) = self.topics.iter().find(|topic| topic.matches(subject)) else {
            return Ok(None);
        };
        Ok(Some(Entry {
            topic: *topic,
            subject: subject.to_owned(),
            sequence: info.stream_sequence,
            stored_at_ns: i64::try_from(info.published.unix_timestamp_nanos()).unwrap_or(i64::MAX),
            answer_to: answer_to(message.headers.as_ref()),
            pending: info.pending,
            headers: message.message.headers,
            payload: message.message.payload,
        }))
    }

    fn reopen(&mut self, error: &BusError) {
        warn!(stream = self.stream.name(), %error, "reading is resumed");
        let opening = open(
            self.bus.clone(),
            self.stream,
            self.subjects.clone(),
            self.place,
        );
        self.source = Source::Opening(
            async move {
                tokio::time::sleep(RETRY_DELAY).await;
                opening.await
            }
            .boxed(),
        );
    }
}

impl fmt::Debug for OrderedReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            bus: _,
            stream,
            topics: _,
            subjects,
            place,
            source: _,
        } = self;
        f.debug_struct("OrderedReader")
            .field("stream", stream)
            .field("subjects", subjects)
            .field("place", place)
            .finish_non_exhaustive()
    }
}

/// Where an answer to this message is awaited.
pub(crate) fn answer_to(headers: Option<&HeaderMap>) -> Option<String> {
    header(headers, ANSWER_TO)
}

/// The value of a header.
pub(crate) fn header(headers: Option<&HeaderMap>, name: &str) -> Option<String> {
    headers?.get(name).map(|value| value.as_str().to_owned())
}

async fn open(
    bus: Bus,
    stream: Stream,
    subjects: Vec<String>,
    place: StreamPlace,
) -> Result<pull::Stream, BusError> {
    let name = bus.prefix().stream(stream.name());
    bus.bounds(stream).await?.check(place)?;
    let filter_subjects = subjects
        .iter()
        .map(|subject| bus.prefix().subject(subject))
        .collect();
    let config = pull::Config {
        deliver_policy: DeliverPolicy::ByStartSequence {
            start_sequence: place.sequence + 1,
        },
        ack_policy: AckPolicy::None,
        filter_subjects,
        memory_storage: true,
        num_replicas: 1,
        inactive_threshold: INACTIVE_AFTER,
        ..pull::Config::default()
    };
    let consumer = bus
        .jetstream
        .create_consumer_on_stream(config, name)
        .await
        .map_err(|cause| BusError::unavailable("creating a reader", cause))?;
    consumer
        .stream()
        .max_messages_per_batch(BATCH)
        .expires(REQUEST_EXPIRES)
        .heartbeat(HEARTBEAT)
        .messages()
        .await
        .map_err(|cause| BusError::unavailable("asking for messages", cause))
}

/// The next message, which must be the reader's `expected`-th.
pub(crate) async fn receive(
    messages: &mut pull::Stream,
    expected: u64,
) -> Result<Message, BusError> {
    let message = messages
        .next()
        .await
        .ok_or_else(|| BusError::unavailable("reading", "the reader ended"))?
        .map_err(|cause| BusError::unavailable("reading", cause))?;
    let info = message
        .info()
        .map_err(|cause| BusError::unavailable("reading", cause))?;
    if info.consumer_sequence == expected {
        Ok(message)
    } else {
        Err(BusError::unavailable(
            "reading",
            "messages were lost on the way",
        ))
    }
}
