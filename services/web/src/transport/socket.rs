//! One WebSocket: the subprotocol `graphql-transport-ws`, any operation at a time.
//!
//! Everything of a connection runs in one task. While the client is slow to read, nothing is
//! asked of its operations, and what they would have said meanwhile waits in the bounded queues
//! of the hub. A connection ends with the token that it was opened with, or with its session: the
//! subprotocol has no word for a newer token, so that the client connects again with one.

mod protocol;

use std::collections::HashMap;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade};
use axum::response::{IntoResponse, Response};
use futures::stream::{AbortHandle, Abortable, BoxStream, SelectAll};
use futures::{SinkExt, StreamExt, stream};
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until, timeout};

use self::protocol::{Close, FromClient, ToClient};
use super::request::Parameters;
use super::response::Answer;
use super::{Front, PING_EVERY, SEND_WITHIN};
use crate::identity::{Claim, Origin, Stay, ended};
use crate::trace::TraceId;

/// The only subprotocol.
const SUBPROTOCOL: &str = "graphql-transport-ws";

/// A client that has not said `connection_init` by then is sent away.
const INITIALISE_WITHIN: Duration = Duration::from_secs(10);

/// A client that has said nothing for this long is gone.
const SILENT_FOR: Duration = Duration::from_secs(50);

/// The most operations that one connection runs at a time.
const MAX_OPERATIONS: usize = 64;

/// Takes the connection, if the client speaks our subprotocol.
pub(super) fn accept(upgrade: WebSocketUpgrade, front: Front, origin: Origin) -> Response {
    upgrade
        .protocols([SUBPROTOCOL])
        .max_message_size(front.limits.body_bytes)
        .max_frame_size(front.limits.body_bytes)
        .on_upgrade(move |socket| async move {
            let shutdown = front.context.shutdown();
            let speaks = socket
                .protocol()
                .is_some_and(|protocol| protocol == SUBPROTOCOL);
            let mut connection = Connection::new(socket, front, origin);
            let close = if speaks {
                match shutdown.run_until_cancelled(connection.run()).await {
                    Some(close) => close,
                    None => Some(Close::GoingAway),
                }
            } else {
                Some(Close::UnknownSubprotocol)
            };
            connection.close(close).await;
        })
        .into_response()
}

type Operation = Abortable<BoxStream<'static, ToClient>>;

struct Connection {
    socket: WebSocket,
    front: Front,
    origin: Origin,
    claim: Option<Claim>,
    stay: Option<Stay>,
    heard_at: Instant,
    operations: SelectAll<Operation>,
    running: HashMap<Arc<str>, AbortHandle>,
}

impl Connection {
    fn new(socket: WebSocket, front: Front, origin: Origin) -> Self {
        Self {
            socket,
            front,
            origin,
            claim: None,
            stay: None,
            heard_at: Instant::now(),
            operations: SelectAll::new(),
            running: HashMap::new(),
        }
    }

    /// Serves until one side ends it; answers with what the client is to be told.
    async fn run(&mut self) -> Option<Close> {
        let initialise_by = self.heard_at + INITIALISE_WITHIN;
        let mut pings = interval(PING_EVERY);
        pings.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let next = tokio::select! {
                frame = self.socket.recv() => match frame {
                    Some(Ok(message)) => self.take(message).await,
                    Some(Err(_)) | None => ControlFlow::Break(None),
                },
                Some(message) = self.operations.next() => self.pass_on(message).await,
                _ = pings.tick(), if self.claim.is_some() => self.ask_whether_there().await,
                () = ended(self.stay.as_ref()) => ControlFlow::Break(Some(Close::Forbidden)),
                () = sleep_until(initialise_by), if self.claim.is_none() => {
                    ControlFlow::Break(Some(Close::InitialisedTooLate))
                }
            };
            if let ControlFlow::Break(close) = next {
                return close;
            }
        }
    }

    async fn take(&mut self, message: Message) -> ControlFlow<Option<Close>> {
        self.heard_at = Instant::now();
        let text = match message {
            Message::Text(text) => text,
            Message::Ping(_) | Message::Pong(_) => return ControlFlow::Continue(()),
            Message::Close(_) => return ControlFlow::Break(None),
            Message::Binary(_) => return ControlFlow::Break(Some(Close::Malformed)),
        };
        let Some(message) = FromClient::read(&text) else {
            return ControlFlow::Break(Some(Close::Malformed));
        };
        match message {
            FromClient::ConnectionInit { authorization } => {
                if self.claim.is_some() {
                    return ControlFlow::Break(Some(Close::InitialisedTwice));
                }
                let claim = self.front.gateway.claim(authorization.as_deref());
                if matches!(claim, Claim::Bad) {
                    return ControlFlow::Break(Some(Close::Forbidden));
                }
                self.claim = Some(claim);
                self.stay = self.front.gateway.stay(claim);
                self.send(ToClient::ConnectionAck).await
            }
            FromClient::Ping => self.send(ToClient::Pong).await,
            FromClient::Pong => ControlFlow::Continue(()),
            FromClient::Subscribe { id, parameters } => self.start(id, parameters).await,
            FromClient::Complete { id } => {
                if let Some(operation) = self.running.remove(&id) {
                    operation.abort();
                }
                ControlFlow::Continue(())
            }
        }
    }

    async fn start(&mut self, id: Arc<str>, parameters: Parameters) -> ControlFlow<Option<Close>> {
        let Some(claim) = self.claim else {
            return ControlFlow::Break(Some(Close::NotInitialised));
        };
        if self.running.contains_key(&id) {
            return ControlFlow::Break(Some(Close::DuplicateOperation(id)));
        }
        if self.running.len() >= MAX_OPERATIONS {
            return ControlFlow::Break(Some(Close::TooManyOperations));
        }
        let trace = TraceId::begin();
        let request = match parameters.into_request() {
            Ok(request) => request,
            Err(refusal) => {
                let answer = Answer::malformed(refusal, trace);
                return self.send(ToClient::of(&id, answer)).await;
            }
        };
        let visitor = self.front.gateway.visitor(claim, self.origin.clone());
        let (abort, registration) = AbortHandle::new_pair();
        self.running.insert(Arc::clone(&id), abort);
        let answers = self.front.clone().answers(request, visitor, trace).map({
            let id = Arc::clone(&id);
            move |answer| ToClient::of(&id, answer)
        });
        let messages = answers.chain(stream::once(async move { ToClient::Complete { id } }));
        self.operations
            .push(Abortable::new(messages.boxed(), registration));
        ControlFlow::Continue(())
    }

    /// Sends what an operation says. An error ends it, and nothing follows an error.
    async fn pass_on(&mut self, message: ToClient) -> ControlFlow<Option<Close>> {
        let ended = match &message {
            ToClient::Complete { id } | ToClient::Error { id, .. } => self.running.remove(id),
            ToClient::Next { .. } | ToClient::ConnectionAck | ToClient::Ping | ToClient::Pong => {
                None
            }
        };
        if let Some(operation) = ended {
            operation.abort();
        }
        self.send(message).await
    }

    async fn ask_whether_there(&mut self) -> ControlFlow<Option<Close>> {
        if self.heard_at.elapsed() > SILENT_FOR {
            return ControlFlow::Break(Some(Close::Silent));
        }
        self.send(ToClient::Ping).await
    }

    async fn send(&mut self, message: ToClient) -> ControlFlow<Option<Close>> {
        let text = Message::Text(message.text().into());
        match timeout(SEND_WITHIN, self.socket.send(text)).await {
            Ok(Ok(())) => ControlFlow::Continue(()),
            Ok(Err(_)) => ControlFlow::Break(None),
            Err(_elapsed) => ControlFlow::Break(Some(Close::TooSlow)),
        }
    }

    async fn close(mut self, close: Option<Close>) {
        if let Some(close) = close {
            let frame = CloseFrame {
                code: close.code(),
                reason: close.reason().into(),
            };
            // The client may be gone; there is nobody else to tell.
            timeout(SEND_WITHIN, self.socket.send(Message::Close(Some(frame))))
                .await
                .ok();
        }
        timeout(SEND_WITHIN, self.socket.close()).await.ok();
    }
}
