//! What a subscription costs that hears nothing.

use std::time::Duration;

use futures::{StreamExt, stream};
use measure::Figure;
use tokio::time::sleep;

use crate::BENCH;
use crate::feed::Feed;
use crate::servers::Server;
use crate::socket::Socket;
use crate::stage::Stage;

const SOCKETS: usize = 10_000;
/// How many of them connect at the same time.
const AT_ONCE: usize = 50;
/// A server has so long to let go of what only the beginning took.
const REST: Duration = Duration::from_secs(2);
const GOAL: f64 = 0.125;

pub(crate) async fn measure(stage: &Stage) {
    let ours = bytes_each(stage, &Server::gateway(stage, stage.redis()).await).await;
    eprintln!("idle socket: gateway {ours:.0} bytes");
    let Some(stock) = Server::peer("stock").await else {
        return;
    };
    let theirs = bytes_each(stage, &stock).await;
    eprintln!("idle socket: stock {theirs:.0} bytes");
    let ratio = ours / theirs;
    Figure {
        name: "idle_socket_bytes",
        value: ours,
        unit: "bytes",
        baseline: theirs,
        ratio,
        goal: GOAL,
        met: ratio <= GOAL,
    }
    .print(BENCH);
}

/// The resident memory that a socket with one subscription adds. Each has heard a price.
async fn bytes_each(stage: &Stage, server: &Server) -> f64 {
    // What the first of all takes is not of each.
    let mut first = connect(server, 1).await;
    let mut feed = Feed::of(server, &stage.bus).await;
    hear(&mut feed, &mut first).await;
    let before = server.resident_bytes();
    let mut sockets = connect(server, SOCKETS).await;
    hear(&mut feed, &mut sockets).await;
    sleep(REST).await;
    let after = server.resident_bytes();
    after.saturating_sub(before) as f64 / SOCKETS as f64
}

async fn connect(server: &Server, count: usize) -> Vec<Socket> {
    stream::iter(0..count)
        .map(async |_| {
            let mut socket = Socket::open(server.address).await;
            socket.subscribe(1).await;
            socket
        })
        .buffered(AT_ONCE)
        .collect()
        .await
}

async fn hear(feed: &mut Feed<'_>, sockets: &mut [Socket]) {
    let everybody = async {
        for socket in sockets {
            socket
                .next(|text| assert!(text.starts_with(br#"{"type":"next""#)))
                .await;
        }
    };
    // A subscription that stood too late hears it the next time.
    let telling = async {
        loop {
            feed.tell(0, 0).await;
            sleep(REST).await;
        }
    };
    tokio::select! {
        () = everybody => {}
        () = telling => {}
    }
}
