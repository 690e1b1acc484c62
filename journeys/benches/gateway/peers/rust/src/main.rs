//! What the gateway's subscriptions are measured beside: async-graphql's own glue for axum (`stock`),
//! and a server that broadcasts texts over tokio-tungstenite (`plain`).
//!
//! Both say on standard output where they listen: for clients, and for updates. An update is a line
//! of the asset's number, its price and the time, as the benchmark writes it.

use std::error::Error;
use std::sync::Arc;

use async_graphql::{EmptyMutation, ID, Object, Schema, SimpleObject, Subscription};
use async_graphql_axum::GraphQLSubscription;
use axum::Router;
use axum::http::HeaderValue;
use axum::http::header::SEC_WEBSOCKET_PROTOCOL;
use axum::serve::ListenerExt;
use futures_util::{SinkExt, Stream, StreamExt, stream};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::broadcast::{self, Sender, error::RecvError};
use tokio_tungstenite::accept_hdr_async;
use tokio_tungstenite::tungstenite::handshake::server::{Request, Response};
use tokio_tungstenite::tungstenite::{Message, Utf8Bytes};

/// How many updates wait for a client. More than the gateway's own, so that nobody loses one early.
const QUEUE: usize = 4_096;

/// The new price of an asset.
#[derive(Clone, SimpleObject)]
struct AssetUpdate {
    id: ID,
    #[graphql(name = "priceUSD")]
    price_usd: f64,
    price: String,
    time: String,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let kind = std::env::args().nth(1).unwrap_or_default();
    let assets: usize = std::env::args().nth(2).unwrap_or_default().parse()?;
    let (clients, updates) = (
        TcpListener::bind("127.0.0.1:0").await?,
        TcpListener::bind("127.0.0.1:0").await?,
    );
    println!("{} {}", clients.local_addr()?, updates.local_addr()?);
    match kind.as_str() {
        "stock" => stock(clients, updates, assets).await,
        "plain" => plain(clients, updates).await,
        _ => Err("expected stock or plain".into()),
    }
}

struct Query;

#[Object]
impl Query {
    async fn assets(&self) -> usize {
        0
    }
}

/// A queue for each asset.
struct Prices(Arc<[Sender<AssetUpdate>]>);

#[Subscription]
impl Prices {
    async fn asset_updated(
        &self,
        id: ID,
    ) -> async_graphql::Result<impl Stream<Item = AssetUpdate> + use<>> {
        let number = id.strip_prefix('a').and_then(|it| it.parse::<usize>().ok());
        let queue = number.and_then(|number| self.0.get(number));
        let receiver = queue.ok_or("expected the id of an asset")?.subscribe();
        Ok(stream::unfold(receiver, async |mut receiver| {
            // Whoever lags has lost something, and ends.
            Some((receiver.recv().await.ok()?, receiver))
        }))
    }
}

async fn stock(
    clients: TcpListener,
    updates: TcpListener,
    assets: usize,
) -> Result<(), Box<dyn Error>> {
    let queues: Arc<[_]> = (0..assets).map(|_| broadcast::channel(QUEUE).0).collect();
    let schema = Schema::new(Query, EmptyMutation, Prices(Arc::clone(&queues)));
    let app = Router::new().route_service("/graphql", GraphQLSubscription::new(schema));
    let clients = clients.tap_io(|stream| stream.set_nodelay(true).unwrap_or_default());
    let hearing = hear(updates, |number, price, time| {
        let update = AssetUpdate {
            id: id(number).into(),
            price_usd: price.parse().unwrap_or_default(),
            price: price.to_owned(),
            time: time.to_owned(),
        };
        if let Some(queue) = queues.get(number) {
            queue.send(update).ok();
        }
    });
    tokio::select! {
        served = axum::serve(clients, app) => served?,
        heard = hearing => heard?,
    }
    Ok(())
}

async fn plain(clients: TcpListener, updates: TcpListener) -> Result<(), Box<dyn Error>> {
    let queue = broadcast::channel(QUEUE).0;
    let hearing = hear(updates, |number, price, time| {
        let (id, number) = (id(number), format!("{number:02}"));
        let text = format!(
            r#"{{"type":"next","id":"{number}","payload":{{"data":{{"assetUpdated":{{"id":"{id}","priceUSD":{price}.0,"price":"{price}","time":"{time}"}}}}}}}}"#
        );
        queue.send(Utf8Bytes::from(text)).ok();
    });
    let serving = async {
        loop {
            let (stream, _) = clients.accept().await?;
            tokio::spawn(broadcast(stream, queue.clone()));
        }
    };
    tokio::select! {
        served = serving => served,
        heard = hearing => heard,
    }
}

/// Says every text to one client, once it has subscribed to the first.
async fn broadcast(stream: TcpStream, queue: Sender<Utf8Bytes>) -> Option<()> {
    stream.set_nodelay(true).ok()?;
    let speak = |_: &Request, mut response: Response| {
        let protocol = HeaderValue::from_static("graphql-transport-ws");
        let headers = response.headers_mut();
        headers.insert(SEC_WEBSOCKET_PROTOCOL, protocol);
        Ok(response)
    };
    let mut socket = accept_hdr_async(stream, speak).await.ok()?;
    let mut texts = None;
    loop {
        let heard = async {
            match &mut texts {
                Some(texts) => texts_next(texts).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            said = socket.next() => {
                let said = said?.ok()?.into_text().ok()?;
                if said.contains("connection_init") {
                    socket.send(Message::text(r#"{"type":"connection_ack"}"#)).await.ok()?;
                } else if said.contains("subscribe") && texts.is_none() {
                    texts = Some(queue.subscribe());
                }
            }
            text = heard => socket.send(Message::Text(text?)).await.ok()?,
        }
    }
}

async fn texts_next(texts: &mut broadcast::Receiver<Utf8Bytes>) -> Option<Utf8Bytes> {
    match texts.recv().await {
        Ok(text) => Some(text),
        Err(RecvError::Lagged(_) | RecvError::Closed) => None,
    }
}

fn id(number: usize) -> String {
    format!("a{number:02}")
}

/// Passes on the updates of one connection after the other.
async fn hear(
    updates: TcpListener,
    pass_on: impl Fn(usize, &str, &str),
) -> Result<(), Box<dyn Error>> {
    loop {
        let (stream, _) = updates.accept().await?;
        let mut lines = BufReader::new(stream).lines();
        while let Some(line) = lines.next_line().await? {
            let mut words = line.split(' ');
            let (Some(number), Some(price), Some(time)) =
                (words.next(), words.next(), words.next())
            else {
                return Err("expected number, price and time".into());
            };
            pass_on(number.parse()?, price, time);
        }
    }
}
