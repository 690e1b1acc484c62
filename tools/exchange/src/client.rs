//! One WebSocket connection: frames out, requests in, pings and their deadline.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::extract::{Path, RawQuery, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until};

use crate::request;
use crate::venue::{Seat, Venue};

/// Messages that a client may send in one second.
const MAX_MESSAGES_PER_S: u32 = 5;

/// How connections are kept.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Keeping {
    /// Between two pings of the server.
    pub(crate) ping_every: Duration,
    /// A client that has answered no ping for so long is dropped.
    pub(crate) pong_within: Duration,
    /// A connection is closed at this age.
    pub(crate) max_age: Duration,
}

#[derive(Clone, Debug)]
pub(crate) struct Streams {
    pub(crate) venue: Arc<Venue>,
    pub(crate) keeping: Keeping,
}

/// The routes of the streams: `/stream?streams=a/b`, `/ws/a/b` and `/ws`.
pub(crate) fn routes(streams: Streams) -> Router {
    Router::new()
        .route("/stream", any(combined))
        .route("/ws", any(raw_without_streams))
        .route("/ws/{*streams}", any(raw))
        .with_state(streams)
}

async fn combined(
    State(streams): State<Streams>,
    RawQuery(query): RawQuery,
    upgrade: WebSocketUpgrade,
) -> Response {
    let query = query.unwrap_or_default();
    let named = query
        .split('&')
        .find_map(|pair| pair.strip_prefix("streams="))
        .unwrap_or("");
    streams.open(upgrade, split(named), true)
}

async fn raw(
    State(streams): State<Streams>,
    Path(named): Path<String>,
    upgrade: WebSocketUpgrade,
) -> Response {
    streams.open(upgrade, split(&named), false)
}

async fn raw_without_streams(
    State(streams): State<Streams>,
    upgrade: WebSocketUpgrade,
) -> Response {
    streams.open(upgrade, BTreeSet::new(), false)
}

fn split(named: &str) -> BTreeSet<String> {
    let named = named.replace("%2F", "/").replace("%40", "@");
    named
        .split('/')
        .filter(|name| !name.is_empty())
        .map(str::to_owned)
        .collect()
}

impl Streams {
    fn open(self, upgrade: WebSocketUpgrade, wanted: BTreeSet<String>, combined: bool) -> Response {
        if self.venue.mood().borrow().refuse || wanted.len() > request::MAX_STREAMS {
            return StatusCode::SERVICE_UNAVAILABLE.into_response();
        }
        upgrade.on_upgrade(move |socket| async move {
            let seat = self.venue.seat(wanted, combined);
            let id = seat.id;
            let end = Session::new(&self, socket, id).run(seat).await;
            self.venue.leave(id);
            tracing::info!(client = id, ?end, "connection ended");
        })
    }
}

/// Why a connection ended.
#[derive(Debug)]
enum End {
    /// The client left, or the socket failed.
    Left,
    /// The server cut it: too slow, or told to.
    Cut,
    NoPong,
    TooManyMessages,
    TooOld,
}

struct Session<'a> {
    streams: &'a Streams,
    socket: WebSocket,
    client: u64,
    last_pong: Instant,
    second: Instant,
    messages_in_second: u32,
}

impl<'a> Session<'a> {
    fn new(streams: &'a Streams, socket: WebSocket, client: u64) -> Self {
        let now = Instant::now();
        Self {
            streams,
            socket,
            client,
            last_pong: now,
            second: now,
            messages_in_second: 0,
        }
    }

    async fn run(mut self, mut seat: Seat) -> End {
        let gone = seat.gone.clone();
        tokio::select! {
            end = self.serve(&mut seat) => end,
            () = gone.cancelled() => End::Cut,
        }
    }

    async fn serve(&mut self, seat: &mut Seat) -> End {
        let keeping = self.streams.keeping;
        let mut mood = self.streams.venue.mood();
        let mut pings = interval(keeping.ping_every);
        pings.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let too_old = Instant::now() + keeping.max_age;
        loop {
            let deaf = mood.borrow_and_update().deaf;
            let sent = tokio::select! {
                Some(text) = seat.inbox.recv() => self.socket.send(Message::Text(text)).await,
                received = self.socket.recv(), if !deaf => match received {
                    Some(Ok(message)) => match self.hear(message).await {
                        None => Ok(()),
                        Some(end) => return end,
                    },
                    Some(Err(_)) | None => return End::Left,
                },
                at = pings.tick() => {
                    if !deaf && at.saturating_duration_since(self.last_pong) > keeping.pong_within {
                        return End::NoPong;
                    }
                    self.socket.send(Message::Ping(self.ping_payload())).await
                }
                changed = mood.changed() => {
                    if changed.is_err() {
                        return End::Cut;
                    }
                    Ok(())
                }
                () = sleep_until(too_old) => {
                    return match self.socket.send(Message::Close(None)).await {
                        Ok(()) | Err(_) => End::TooOld,
                    };
                }
            };
            if sent.is_err() {
                return End::Left;
            }
        }
    }

    /// The exchange's clock in text, as the real one sends it.
    fn ping_payload(&self) -> axum::body::Bytes {
        self.streams.venue.clock.now_ms().to_string().into()
    }

    async fn hear(&mut self, message: Message) -> Option<End> {
        match message {
            Message::Text(text) => {
                if self.too_many() {
                    return Some(End::TooManyMessages);
                }
                let venue = &self.streams.venue;
                let answered =
                    venue.change_streams(self.client, |streams| request::answer(&text, streams));
                let Some(answer) = answered else {
                    return Some(End::Cut);
                };
                self.socket
                    .send(Message::Text(answer.into()))
                    .await
                    .is_err()
                    .then_some(End::Left)
            }
            Message::Pong(_) => {
                self.last_pong = Instant::now();
                None
            }
            Message::Binary(_) | Message::Ping(_) => None,
            Message::Close(_) => Some(End::Left),
        }
    }

    fn too_many(&mut self) -> bool {
        if self.second.elapsed() >= Duration::from_secs(1) {
            self.second = Instant::now();
            self.messages_in_second = 0;
        }
        self.messages_in_second += 1;
        self.messages_in_second > MAX_MESSAGES_PER_S
    }
}
