//! One WebSocket connection to the exchange: made, subscribed, kept alive, given up when dead.

use std::time::Duration;

use futures::{SinkExt, StreamExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep_until, timeout};
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{self, Bytes, Message, Utf8Bytes};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async_with_config};

use crate::frame::{self, Frame};
use crate::settings::Exchange;

/// How long connecting and subscribing may take, each.
const OPEN_TIMEOUT: Duration = Duration::from_secs(5);
/// The largest message that is read, in bytes.
const MAX_MESSAGE: usize = 64 * 1024;
/// The id of the one request that a connection makes.
const SUBSCRIBE_ID: u64 = 1;

/// Why a connection ended or was never made.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConnectionError {
    #[error("no answer within {OPEN_TIMEOUT:?}")]
    Timeout,
    #[error("the exchange refused the subscription: {0}")]
    Refused(String),
    #[error("the exchange closed the connection")]
    Closed,
    #[error("no frame for too long")]
    Dead,
    #[error("the connection failed")]
    Failed(#[from] Box<tungstenite::Error>),
}

impl From<tungstenite::Error> for ConnectionError {
    fn from(error: tungstenite::Error) -> Self {
        Self::Failed(Box::new(error))
    }
}

/// A subscribed connection.
#[derive(Debug)]
pub(crate) struct Connection {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    dead_after: Duration,
    opened: Instant,
    heard: Instant,
    pinged: bool,
    /// What arrived before the subscription was answered.
    early: Vec<Utf8Bytes>,
}

impl Connection {
    /// Connects and subscribes to the streams; trades flow when this returns.
    pub(crate) async fn open(
        exchange: &Exchange,
        streams: &[String],
    ) -> Result<Self, ConnectionError> {
        let config = WebSocketConfig::default()
            .max_message_size(Some(MAX_MESSAGE))
            .max_frame_size(Some(MAX_MESSAGE));
        let url = exchange.stream_url.join("/stream");
        let no_delay = true;
        let connecting = connect_async_with_config(url, Some(config), no_delay);
        let (socket, _) = timeout(OPEN_TIMEOUT, connecting)
            .await
            .or(Err(ConnectionError::Timeout))??;
        let now = Instant::now();
        let mut connection = Self {
            socket,
            dead_after: exchange.dead_after(),
            opened: now,
            heard: now,
            pinged: false,
            early: Vec::new(),
        };
        let subscribing = connection.subscribe(streams);
        timeout(OPEN_TIMEOUT, subscribing)
            .await
            .or(Err(ConnectionError::Timeout))??;
        Ok(connection)
    }

    /// When it was made.
    pub(crate) fn opened(&self) -> Instant {
        self.opened
    }

    async fn subscribe(&mut self, streams: &[String]) -> Result<(), ConnectionError> {
        let request = serde_json::json!({
            "method": "SUBSCRIBE", "params": streams, "id": SUBSCRIBE_ID,
        });
        self.socket.send(Message::text(request.to_string())).await?;
        loop {
            let text = self.next_text().await?;
            match frame::read(&text) {
                Ok(Frame::Answer {
                    id: SUBSCRIBE_ID,
                    refusal: None,
                }) => return Ok(()),
                Ok(Frame::Answer {
                    id: SUBSCRIBE_ID,
                    refusal: Some(refusal),
                }) => {
                    return Err(ConnectionError::Refused(refusal));
                }
                _ => self.early.push(text),
            }
        }
    }

    /// The next frame. Keeps the connection alive while it waits; loses nothing when dropped.
    pub(crate) async fn next(&mut self) -> Result<Utf8Bytes, ConnectionError> {
        if self.early.is_empty() {
            self.next_text().await
        } else {
            Ok(self.early.remove(0))
        }
    }

    async fn next_text(&mut self) -> Result<Utf8Bytes, ConnectionError> {
        loop {
            // Half of the patience without a frame is time for a ping, all of it is the end.
            let due = self.heard
                + if self.pinged {
                    self.dead_after
                } else {
                    self.dead_after / 2
                };
            let message = tokio::select! {
                message = self.socket.next() => message.ok_or(ConnectionError::Closed)??,
                () = sleep_until(due) => {
                    if self.pinged {
                        return Err(ConnectionError::Dead);
                    }
                    self.pinged = true;
                    self.socket.send(Message::Ping(Bytes::new())).await?;
                    continue;
                }
            };
            self.heard = Instant::now();
            self.pinged = false;
            match message {
                Message::Text(text) => return Ok(text),
                Message::Close(_) => return Err(ConnectionError::Closed),
                // Reading on answers pings.
                Message::Ping(_) | Message::Pong(_) | Message::Binary(_) | Message::Frame(_) => {}
            }
        }
    }
}
