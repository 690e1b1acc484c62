//! One WebSocket: the subprotocol `graphql-transport-ws`, any operation at a time.
//!
//! Everything of a connection runs in one task. While the client is slow to read, nothing is
//! asked of its operations, and what they would have said meanwhile waits in the bounded queues
//! of the hub and of its mailbox. A connection ends with its token, or with its session, unless the
//! client says a newer token in time: the subprotocol has no word for that, so that a `ping` carries
//! it.

mod protocol;

use std::collections::HashMap;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use futures::stream::{AbortHandle, Abortable, BoxStream, SelectAll};
use futures::{FutureExt, SinkExt, StreamExt, stream};
use tokio::time::error::Elapsed;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until, timeout};

use self::protocol::{Close, FromClient, Renewed, ToClient};
use super::mailbox::{Address, Letter, Mailbox};
use super::request::Parameters;
use super::response::Answer;
use super::standing::Counted;
use super::{Front, PING_EVERY, SEND_WITHIN};
use crate::identity::{Claim, Origin, Stay, ended};
use crate::trace::TraceId;

/// The only subprotocol.
const SUBPROTOCOL: &str = "graphql-transport-ws";

/// A client that has not said `connection_init` by then is sent away.
const INITIALISE_WITHIN: Duration = Duration::from_secs(3);

/// A client that has said nothing for this long is gone.
const SILENT_FOR: Duration = Duration::from_secs(50);

/// The most operations that one connection runs at a time.
const MAX_OPERATIONS: usize = 64;

/// The most messages of a write.
const MOST_TOGETHER: usize = 64;

/// What a connection holds of what it reads, and of what it writes, in bytes. More is taken as it is
/// needed: most connections say and hear little.
const READ_BUFFER: usize = 1 << 10;
const WRITE_BUFFER: usize = 16 << 10;

/// Takes the connection, if the client speaks our subprotocol.
pub(super) fn accept(
    upgrade: WebSocketUpgrade,
    front: Front,
    origin: Origin,
    counted: Counted,
) -> Response {
    upgrade
        .protocols([SUBPROTOCOL])
        .read_buffer_size(READ_BUFFER)
        .write_buffer_size(WRITE_BUFFER)
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
            drop(counted);
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
    /// What they say to this client alone.
    operations: SelectAll<Operation>,
    /// What they say to others as well.
    mailbox: Arc<Mailbox>,
    running: HashMap<Arc<str>, Running>,
}

/// Ends an operation.
struct Running {
    abort: AbortHandle,
    address: Address,
    /// Nothing where it was one too many, which it says.
    _counted: Option<Counted>,
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
            mailbox: Arc::default(),
            running: HashMap::new(),
        }
    }

    /// Serves until one side ends it; answers with what the client is to be told.
    async fn run(&mut self) -> Option<Close> {
        let initialise_by = self.heard_at + INITIALISE_WITHIN;
        let mut pings = interval(PING_EVERY);
        pings.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            // However much there is to do, whoever may not stay goes first.
            if self.stay.as_ref().is_some_and(Stay::is_over) {
                return Some(Close::Forbidden);
            }
            let next = tokio::select! {
                frame = self.socket.recv() => match frame {
                    Some(Ok(message)) => self.take(message).await,
                    Some(Err(_)) | None => ControlFlow::Break(None),
                },
                Some(message) = self.operations.next() => self.pass_on(message).await,
                letter = self.mailbox.next() => self.pass_on(letter.into()).await,
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
            FromClient::Ping {
                authorization: Some(newer),
            } => self.renew(&newer).await,
            FromClient::Ping {
                authorization: None,
            } => self.send(ToClient::Pong { payload: None }).await,
            FromClient::Pong => ControlFlow::Continue(()),
            FromClient::Subscribe { id, parameters } => self.start(id, parameters).await,
            FromClient::Complete { id } => {
                self.end(&id);
                ControlFlow::Continue(())
            }
        }
    }

    /// Goes on with a newer token of whoever is connected; what runs already goes on, too. For
    /// somebody else there is another connection.
    async fn renew(&mut self, authorization: &str) -> ControlFlow<Option<Close>> {
        let gateway = &self.front.gateway;
        let Some(current) = self.claim else {
            return ControlFlow::Break(Some(Close::NotInitialised));
        };
        let newer = gateway.claim(Some(authorization));
        let (Claim::Bearer(old), Claim::Bearer(new)) = (current, newer) else {
            return ControlFlow::Break(Some(Close::Forbidden));
        };
        let is_the_same = old.bearer.user == new.bearer.user;
        if !is_the_same || !self.stay.as_ref().is_some_and(|stay| stay.renew(new)) {
            return ControlFlow::Break(Some(Close::Forbidden));
        }
        let rest_ms = new.until_ms.saturating_sub(gateway.clock.now_ms());
        self.claim = Some(newer);
        let payload = Some(Renewed::for_ms(rest_ms));
        self.send(ToClient::Pong { payload }).await
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
        let front = self.front.clone();
        let visitor = front.gateway.visitor(claim, self.origin.clone());
        let (abort, registration) = AbortHandle::new_pair();
        let address = self.mailbox.open(Arc::clone(&id));
        let counted = front.running.count(self.origin.customer());
        let (counted, refusal) = match counted {
            Ok(counted) => (Some(counted), None),
            Err(refusal) => (None, Some(refusal)),
        };
        let running = Running {
            abort,
            address: address.clone(),
            _counted: counted,
        };
        self.running.insert(Arc::clone(&id), running);
        let said = async move {
            if let Some(refusal) = refusal {
                let status = StatusCode::TOO_MANY_REQUESTS;
                let answer = Answer::refused(refusal, status, trace);
                return stream::once(async { answer.into() }).boxed();
            }
            match front.admit(Ok(parameters), &visitor, trace).await {
                Ok(admitted) => front.said(admitted, visitor, trace, address).await,
                Err(answer) => stream::once(async { answer.into() }).boxed(),
            }
        };
        let said = stream::once(said).flatten().map({
            let id = Arc::clone(&id);
            move |said| ToClient::Said {
                id: Arc::clone(&id),
                said,
            }
        });
        let messages = said.chain(stream::once(async move { ToClient::Complete { id } }));
        self.operations
            .push(Abortable::new(messages.boxed(), registration));
        ControlFlow::Continue(())
    }

    /// Sends what an operation says, and what others have to say by now, in one write.
    async fn pass_on(&mut self, message: ToClient) -> ControlFlow<Option<Close>> {
        let ended = ended(self.stay.as_ref());
        let passing_on = async {
            self.feed(&message).await?;
            for _ in 1..MOST_TOGETHER {
                let Some(message) = self.more() else {
                    break;
                };
                self.feed(&message).await?;
            }
            self.socket.flush().await
        };
        let passed_on = tokio::select! {
            biased;
            () = ended => return ControlFlow::Break(Some(Close::Forbidden)),
            passed_on = timeout(SEND_WITHIN, passing_on) => passed_on,
        };
        sent(passed_on)
    }

    /// What an operation has to say by now.
    fn more(&mut self) -> Option<ToClient> {
        let shared = self.mailbox.take().map(ToClient::from);
        shared.or_else(|| self.operations.next().now_or_never()?)
    }

    /// Ends an operation, if it runs.
    fn end(&mut self, id: &str) {
        if let Some(running) = self.running.remove(id) {
            running.abort.abort();
            running.address.close();
        }
    }

    /// Puts what an operation says into the next write. An error ends it, and nothing follows an
    /// error.
    async fn feed(&mut self, message: &ToClient) -> Result<(), axum::Error> {
        if let Some(id) = message.ends() {
            self.end(id);
        }
        self.socket.feed(Message::Text(message.text().into())).await
    }

    async fn ask_whether_there(&mut self) -> ControlFlow<Option<Close>> {
        if self.heard_at.elapsed() > SILENT_FOR {
            return ControlFlow::Break(Some(Close::Silent));
        }
        self.send(ToClient::Ping).await
    }

    async fn send(&mut self, message: ToClient) -> ControlFlow<Option<Close>> {
        let text = Message::Text(message.text().into());
        sent(timeout(SEND_WITHIN, self.socket.send(text)).await)
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

impl From<Letter> for ToClient {
    fn from(letter: Letter) -> Self {
        let id = letter.operation;
        match letter.said {
            Some(said) => Self::Said { id, said },
            None => Self::Complete { id },
        }
    }
}

/// What follows from trying to send something.
fn sent(outcome: Result<Result<(), axum::Error>, Elapsed>) -> ControlFlow<Option<Close>> {
    match outcome {
        Ok(Ok(())) => ControlFlow::Continue(()),
        Ok(Err(_)) => ControlFlow::Break(None),
        Err(_elapsed) => ControlFlow::Break(Some(Close::TooSlow)),
    }
}
