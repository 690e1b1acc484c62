//! A client of `graphql-transport-ws`.

use futures::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{Message, http::HeaderValue};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use crate::client::Client;
use crate::stage::LIMIT;

pub(crate) struct Socket(WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Socket {
    /// A connection that has said nothing yet.
    pub(crate) async fn connect(client: &Client, subprotocol: Option<&'static str>) -> Self {
        let mut request = format!("ws://{}/graphql", client.address)
            .into_client_request()
            .unwrap();
        if let Some(subprotocol) = subprotocol.map(HeaderValue::from_static) {
            request
                .headers_mut()
                .insert("sec-websocket-protocol", subprotocol);
        }
        Self(connect_async(request).await.unwrap().0)
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
            let message = timeout(LIMIT, self.0.next())
                .await
                .unwrap()
                .unwrap()
                .unwrap();
            let Message::Text(text) = message else {
                panic!("expected text, found {message}")
            };
            let message: Value = serde_json::from_str(&text).unwrap();
            if message["type"] != "ping" {
                return message;
            }
        }
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

    /// The code that the connection is closed with.
    pub(crate) async fn close_code(&mut self) -> u16 {
        loop {
            let message = timeout(LIMIT, self.0.next()).await.unwrap();
            match message {
                Some(Ok(Message::Close(Some(frame)))) => return frame.code.into(),
                Some(Ok(Message::Text(_))) => {}
                other => panic!("expected a close frame, found {other:?}"),
            }
        }
    }
}
