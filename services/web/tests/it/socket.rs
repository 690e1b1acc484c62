//! A client of `graphql-transport-ws`.

use std::time::Duration;

use futures::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::{interval, timeout};
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::handshake::client::generate_key;
use tokio_tungstenite::tungstenite::protocol::Role;
use tokio_tungstenite::tungstenite::{Message, http::HeaderValue};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use crate::client::Client;
use crate::stage::LIMIT;

pub(crate) struct Socket(WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Socket {
    /// A connection that has said nothing yet.
    pub(crate) async fn connect(client: &Client, subprotocol: Option<&'static str>) -> Self {
        Self::try_connect(client, subprotocol).await.unwrap()
    }

    /// The same; `None` if either side does not like it.
    pub(crate) async fn try_connect(
        client: &Client,
        subprotocol: Option<&'static str>,
    ) -> Option<Self> {
        let mut request = format!("ws://{}/graphql", client.address)
            .into_client_request()
            .unwrap();
        if let Some(subprotocol) = subprotocol.map(HeaderValue::from_static) {
            request
                .headers_mut()
                .insert("sec-websocket-protocol", subprotocol);
        }
        Some(Self(connect_async(request).await.ok()?.0))
    }

    /// The same by a client that hears a server out which does not speak the subprotocol: the library's
    /// hangs up by itself.
    pub(crate) async fn connect_by_hand(client: &Client, subprotocol: Option<&str>) -> Self {
        let mut stream = TcpStream::connect(client.address).await.unwrap();
        let asks = subprotocol.map(|it| format!("sec-websocket-protocol: {it}\r\n"));
        let request = format!(
            "GET /graphql HTTP/1.1\r\nhost: {}\r\nconnection: upgrade\r\nupgrade: websocket\r\n\
             sec-websocket-version: 13\r\nsec-websocket-key: {}\r\n{}\r\n",
            client.address,
            generate_key(),
            asks.unwrap_or_default(),
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        while !answer.ends_with(b"\r\n\r\n") {
            answer.push(timeout(LIMIT, stream.read_u8()).await.unwrap().unwrap());
        }
        assert!(answer.starts_with(b"HTTP/1.1 101 "), "{answer:?}");
        let stream = MaybeTlsStream::Plain(stream);
        Self(WebSocketStream::from_raw_socket(stream, Role::Client, None).await)
    }

    /// A connection that is acknowledged, signed in as `client` is.
    pub(crate) async fn open(client: &Client) -> Self {
        let mut socket = Self::connect(client, Some("graphql-transport-ws")).await;
        let payload = match &client.access {
            Some(token) => json!({ "authorization": format!("Bearer {token}") }),
            None => json!({}),
        };
        socket
            .say(json!({ "type": "connection_init", "payload": payload }))
            .await;
        assert_eq!(socket.hear().await["type"], "connection_ack");
        socket
    }

    pub(crate) async fn say(&mut self, message: Value) {
        self.say_raw(&message.to_string()).await;
    }

    pub(crate) async fn say_raw(&mut self, text: &str) {
        self.0.send(Message::text(text)).await.unwrap();
    }

    pub(crate) async fn subscribe(&mut self, id: &str, query: &str, variables: Value) {
        let payload = json!({ "query": query, "variables": variables });
        self.say(json!({ "id": id, "type": "subscribe", "payload": payload }))
            .await;
    }

    /// The next message that is no ping.
    pub(crate) async fn hear(&mut self) -> Value {
        loop {
            let message = self.hear_any().await;
            if message["type"] != "ping" {
                return message;
            }
        }
    }

    /// The next message.
    pub(crate) async fn hear_any(&mut self) -> Value {
        let message = timeout(LIMIT, self.0.next()).await.unwrap();
        let message = message.unwrap().unwrap();
        let Message::Text(text) = message else {
            panic!("expected text, found {message}")
        };
        serde_json::from_str(&text).unwrap()
    }

    /// The data of the next message, which has to be one of this operation.
    pub(crate) async fn next(&mut self, id: &str) -> Value {
        let message = self.hear().await;
        assert_eq!(
            (&message["type"], &message["id"]),
            (&json!("next"), &json!(id)),
            "{message}"
        );
        assert_eq!(message["payload"].get("errors"), None, "{message}");
        message["payload"]["data"].clone()
    }

    /// Says something that is no text.
    pub(crate) async fn say_bytes(&mut self, bytes: &'static [u8]) {
        self.0.send(Message::binary(bytes)).await.unwrap();
    }

    /// The code that the connection is closed with.
    pub(crate) async fn close_code(&mut self) -> u16 {
        self.close().await.0
    }

    /// The code and the reason that the connection is closed with.
    pub(crate) async fn close(&mut self) -> (u16, String) {
        loop {
            if let Some(told) = self.read().await {
                return told;
            }
        }
    }

    /// The same, told to a client that reads a message at a time.
    pub(crate) async fn close_reading_every(&mut self, pause: Duration) -> (u16, String) {
        let mut beat = interval(pause);
        loop {
            beat.tick().await;
            if let Some(told) = self.read().await {
                return told;
            }
        }
    }

    /// The same, told to a client that says something again and again.
    pub(crate) async fn close_saying(&mut self, message: &Value) -> (u16, String) {
        loop {
            // It may be closed already.
            self.0.send(Message::text(message.to_string())).await.ok();
            if let Some(told) = self.read().await {
                return told;
            }
        }
    }

    /// Reads a message; answers with the code and the reason if it ends the connection.
    async fn read(&mut self) -> Option<(u16, String)> {
        match timeout(LIMIT, self.0.next()).await.unwrap() {
            Some(Ok(Message::Close(Some(frame)))) => {
                Some((frame.code.into(), frame.reason.as_str().to_owned()))
            }
            Some(Ok(Message::Text(_))) => None,
            other => panic!("expected a close frame, found {other:?}"),
        }
    }
}
