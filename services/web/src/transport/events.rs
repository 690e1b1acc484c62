//! One operation as server-sent events, in the "distinct connections" mode of GraphQL over SSE: a
//! `next` per result, then `complete`. A stream that ends without `complete` was cut off, as it is
//! when its token or its session ends, and its client may come again.

use std::convert::Infallible;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::{HeaderName, header};
use axum::response::{IntoResponse, Response};
use futures::stream::{self, BoxStream};
use futures::{Stream, StreamExt};
use tokio::sync::mpsc::{self, Receiver, Sender};
use tokio::time::{Instant, MissedTickBehavior, interval_at};

use super::accept::EVENT_STREAM;
use super::response::Said;
use super::standing::Counted;
use super::{Front, PING_EVERY, SEND_WITHIN};
use crate::identity::{Stay, ended};

/// Asks a proxy not to gather events before it passes them on.
const BUFFERING: HeaderName = HeaderName::from_static("x-accel-buffering");

/// The last event. Its data is empty but there: a browser drops an event that has none.
const COMPLETE: Bytes = Bytes::from_static(b"event: complete\ndata:\n\n");

/// A comment, which clients skip.
const KEEP_ALIVE: Bytes = Bytes::from_static(b":\n\n");

/// How many events wait for a client that is slow to take them, before nothing more is asked of
/// its operation.
const QUEUE: usize = 1;

/// Passes on what an operation says, for as long as it does and its client may stay.
pub(super) fn respond(
    front: &Front,
    stay: Option<Stay>,
    counted: Option<Counted>,
    said: BoxStream<'static, Said>,
) -> Response {
    let (events, told) = mpsc::channel(QUEUE);
    let client = Client {
        events,
        ping_every: PING_EVERY,
        send_within: SEND_WITHIN,
    };
    let shutdown = front.context.shutdown();
    // In a task, not in the body: nobody would poll the body of a client that takes nothing.
    front.context.spawn("events", async move {
        let telling = async {
            tokio::select! {
                () = client.tell(said) => {}
                () = ended(stay.as_ref()) => {}
            }
        };
        shutdown.run_until_cancelled(telling).await;
        drop(counted);
        Ok(())
    });
    let headers = [
        (header::CONTENT_TYPE, EVENT_STREAM),
        (header::CACHE_CONTROL, "no-store"),
        (BUFFERING, "no"),
    ];
    (headers, Body::from_stream(as_told(told))).into_response()
}

fn as_told(mut told: Receiver<Bytes>) -> impl Stream<Item = Result<Bytes, Infallible>> {
    stream::poll_fn(move |task| told.poll_recv(task).map(|event| event.map(Ok)))
}

/// Whoever listens.
struct Client {
    events: Sender<Bytes>,
    ping_every: Duration,
    send_within: Duration,
}

impl Client {
    /// Tells what an operation says until it ends, or until the client goes or is too slow.
    async fn tell(self, mut said: BoxStream<'static, Said>) {
        let mut pings = interval_at(Instant::now() + self.ping_every, self.ping_every);
        pings.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let event = tokio::select! {
                said = said.next() => match said {
                    Some(said) => next(&said),
                    None => break,
                },
                _ = pings.tick() => KEEP_ALIVE,
                () = self.events.closed() => return,
            };
            if !self.takes(event).await {
                return;
            }
        }
        self.takes(COMPLETE).await;
    }

    /// Whether the client is there and has taken what was told before.
    async fn takes(&self, event: Bytes) -> bool {
        let sent = self.events.send_timeout(event, self.send_within).await;
        sent.is_ok()
    }
}

fn next(said: &Said) -> Bytes {
    format!("event: next\ndata: {}\n\n", said.text()).into()
}

#[cfg(test)]
mod tests {
    use tokio::time::timeout;

    use super::*;
    use crate::trace::TraceId;
    use crate::transport::response::Answer;

    const SOON: Duration = Duration::from_millis(20);
    const LIMIT: Duration = Duration::from_secs(20);
    const NEVER: Duration = Duration::from_secs(60 * 60);

    fn client(ping_every: Duration, send_within: Duration) -> (Client, Receiver<Bytes>) {
        let (events, told) = mpsc::channel(QUEUE);
        let client = Client {
            events,
            ping_every,
            send_within,
        };
        (client, told)
    }

    fn said() -> Said {
        let data = async_graphql::value!({ "text": "two\nlines" });
        Answer::executed(async_graphql::Response::new(data), TraceId::begin()).into()
    }

    /// Everything that the client is told of an operation which ends.
    async fn told_of(said: BoxStream<'static, Said>) -> String {
        let (client, mut told) = client(NEVER, LIMIT);
        let telling = timeout(LIMIT, client.tell(said));
        let hearing = async {
            let mut heard = Vec::new();
            while let Some(event) = told.recv().await {
                heard.extend_from_slice(&event);
            }
            String::from_utf8(heard).unwrap()
        };
        let (ended, heard) = tokio::join!(telling, hearing);
        ended.unwrap();
        heard
    }

    #[tokio::test]
    async fn a_result_is_one_event_and_the_end_is_another() {
        let told = told_of(stream::iter([said()]).boxed()).await;
        let next = r#"{"data":{"text":"two\nlines"}}"#;
        let expected = format!("event: next\ndata: {next}\n\nevent: complete\ndata:\n\n");
        assert_eq!(told, expected);
    }

    #[tokio::test]
    async fn a_client_hears_that_we_are_there_while_nothing_happens() {
        let (client, mut told) = client(SOON, LIMIT);
        let heard = tokio::select! {
            () = client.tell(stream::pending().boxed()) => None,
            heard = timeout(LIMIT, told.recv()) => heard.unwrap(),
        };
        assert_eq!(heard, Some(KEEP_ALIVE));
    }

    #[tokio::test]
    async fn a_client_that_takes_nothing_is_given_up() {
        let (client, told) = client(NEVER, SOON);
        let telling = client.tell(stream::repeat_with(said).boxed());
        timeout(LIMIT, telling).await.unwrap();
        drop(told);
    }

    #[tokio::test]
    async fn a_client_that_goes_ends_its_operation() {
        let (client, told) = client(NEVER, NEVER);
        drop(told);
        let telling = client.tell(stream::pending().boxed());
        timeout(LIMIT, telling).await.unwrap();
    }
}
