//! A plain client of the streams.

use std::time::Duration;

use futures::{SinkExt, StreamExt};
use serde_json::Value;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use exchange::{Amount, Config, Exchange};

/// The longest that anything here may take.
pub(crate) const LIMIT: Duration = Duration::from_secs(60);

pub(crate) struct Listener(pub(crate) WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Listener {
    pub(crate) async fn connect(exchange: &Exchange, path: &str) -> Self {
        let url = format!("{}{path}", exchange.stream_url());
        Self(connect_async(url).await.unwrap().0)
    }

    /// The next message, pings and pongs included; `None` once the connection is gone.
    pub(crate) async fn message(&mut self) -> Option<Message> {
        timeout(LIMIT, self.0.next())
            .await
            .expect("a message in time")?
            .ok()
    }

    /// The next text.
    pub(crate) async fn text(&mut self) -> String {
        loop {
            match self.message().await.expect("a text before the end") {
                Message::Text(text) => return text.as_str().to_owned(),
                Message::Ping(_) | Message::Pong(_) => {}
                other @ (Message::Binary(_) | Message::Close(_) | Message::Frame(_)) => {
                    panic!("expected a text and got {other:?}")
                }
            }
        }
    }

    pub(crate) async fn json(&mut self) -> Value {
        serde_json::from_str(&self.text().await).unwrap()
    }

    /// The id of the next trade on a combined stream.
    pub(crate) async fn trade_id(&mut self) -> i64 {
        self.json().await["data"]["t"].as_i64().unwrap()
    }

    pub(crate) async fn ask(&mut self, request: &str) -> Value {
        self.0.send(Message::text(request)).await.unwrap();
        self.json().await
    }
}

pub(crate) fn price(text: &str) -> Amount {
    text.parse().unwrap()
}

/// A stand-in that is driven by hand and counts its trades from 1.
pub(crate) async fn by_hand() -> Exchange {
    Exchange::start(Config {
        first_trade_id: Some(1),
        ..Config::default()
    })
    .await
    .unwrap()
}
