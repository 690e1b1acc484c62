//! The public GraphQL API, as any client sees it: HTTP for operations, a WebSocket for
//! subscriptions. Nothing here knows the fleet.

use std::time::Duration;

use anyhow::{Context as _, bail};
use futures::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::tungstenite::protocol::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};
use url::Url;

/// How long one operation may take.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(10);

/// An error of the API, as data.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {message}")]
pub struct Refusal {
    /// The stable code.
    pub code: String,
    /// Readable text.
    pub message: String,
}

/// One player's way into the API.
#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    url: Url,
    token: Option<String>,
}

impl Client {
    /// A client of the API at `url` that is not signed in.
    pub fn new(url: Url) -> anyhow::Result<Self> {
        let http = reqwest::Client::builder()
            .timeout(REQUEST_TIMEOUT)
            .build()?;
        Ok(Self {
            http,
            url,
            token: None,
        })
    }

    /// The same client, signed in.
    pub fn signed_in(&self, token: String) -> Self {
        Self {
            token: Some(token),
            ..self.clone()
        }
    }

    /// The same client on another way to the API.
    pub fn at(&self, url: Url) -> Self {
        Self {
            url,
            ..self.clone()
        }
    }

    /// Runs an operation and answers its `data`; the first error becomes a [`Refusal`].
    pub async fn run(&self, document: &str, variables: Value) -> anyhow::Result<Value> {
        let mut request = self
            .http
            .post(self.url.clone())
            .json(&json!({ "query": document, "variables": variables }));
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        let response = request.send().await.context("the API does not answer")?;
        let status = response.status();
        let mut body: Value = response
            .json()
            .await
            .with_context(|| format!("the API answered {status} without JSON"))?;
        if let Some(error) = body.get("errors").and_then(|errors| errors.get(0)) {
            return Err(refusal(error).into());
        }
        let data = body.get_mut("data").map(Value::take);
        data.filter(|data| !data.is_null())
            .with_context(|| format!("the API answered {status} without data"))
    }

    /// Opens a subscription; its updates come as `data` objects.
    pub async fn subscribe(
        &self,
        document: &str,
        variables: Value,
    ) -> anyhow::Result<Subscription> {
        let mut url = self.url.clone();
        let scheme = if url.scheme() == "https" { "wss" } else { "ws" };
        if url.set_scheme(scheme).is_err() {
            bail!("expected an http or https address, got {url}");
        }
        let mut request = url.as_str().into_client_request()?;
        request.headers_mut().insert(
            "Sec-WebSocket-Protocol",
            HeaderValue::from_static("graphql-transport-ws"),
        );
        let (socket, _response) = tokio_tungstenite::connect_async(request).await?;
        let mut subscription = Subscription { socket };
        let payload = match &self.token {
            Some(token) => json!({ "Authorization": format!("Bearer {token}") }),
            None => json!({}),
        };
        subscription
            .send(&json!({ "type": "connection_init", "payload": payload }))
            .await?;
        subscription
            .send(&json!({
                "id": "1",
                "type": "subscribe",
                "payload": { "query": document, "variables": variables },
            }))
            .await?;
        Ok(subscription)
    }
}

fn refusal(error: &Value) -> Refusal {
    let text = |value: Option<&Value>| value.and_then(Value::as_str).unwrap_or("?").to_owned();
    Refusal {
        code: text(error.pointer("/extensions/code")),
        message: text(error.get("message")),
    }
}

/// An open subscription.
pub struct Subscription {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
}

impl Subscription {
    /// The next update's `data`, or `None` once the server has completed or closed it.
    pub async fn next(&mut self) -> anyhow::Result<Option<Value>> {
        while let Some(frame) = self.socket.next().await {
            let text = match frame? {
                Message::Text(text) => text,
                Message::Close(_) => return Ok(None),
                Message::Ping(_) | Message::Pong(_) | Message::Binary(_) | Message::Frame(_) => {
                    continue;
                }
            };
            let mut message: Value = serde_json::from_str(&text)?;
            match message.get("type").and_then(Value::as_str) {
                Some("next") => {
                    return Ok(message.pointer_mut("/payload/data").map(Value::take));
                }
                Some("ping") => self.send(&json!({ "type": "pong" })).await?,
                Some("complete") => return Ok(None),
                Some("error") => bail!("the subscription was refused: {message}"),
                _ => {}
            }
        }
        Ok(None)
    }

    async fn send(&mut self, message: &Value) -> anyhow::Result<()> {
        Ok(self.socket.send(Message::text(message.to_string())).await?)
    }
}
