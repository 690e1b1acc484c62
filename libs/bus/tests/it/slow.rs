//! A way to NATS on which every answer takes its time.

use std::time::Duration;

use testkit::nats_url;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::OwnedWriteHalf;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

/// A way to the suite's NATS, there for as long as it is kept.
pub(crate) struct SlowWay {
    pub(crate) url: String,
    _accepting: JoinSet<()>,
}

/// Opens a way that brings each answer `late`.
pub(crate) async fn nats_answering_late(late: Duration) -> SlowWay {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("nats://{}", listener.local_addr().unwrap());
    let mut accepting = JoinSet::new();
    accepting.spawn(async move {
        let mut ways = JoinSet::new();
        while let Ok((near, _)) = listener.accept().await {
            let server = nats_url();
            let server = server.strip_prefix("nats://").unwrap();
            let far = TcpStream::connect(server).await.unwrap();
            let ((near_read, near_write), (far_read, far_write)) =
                (near.into_split(), far.into_split());
            ways.spawn(carry(near_read, far_write, Duration::ZERO));
            ways.spawn(carry(far_read, near_write, late));
        }
    });
    SlowWay {
        url,
        _accepting: accepting,
    }
}

/// Carries every byte over, `late`, in order and without holding up those behind it.
async fn carry(mut from: impl AsyncRead + Unpin, mut to: OwnedWriteHalf, late: Duration) {
    let (sender, mut arrived) = mpsc::unbounded_channel::<(Instant, Vec<u8>)>();
    let reading = async move {
        let mut buffer = vec![0; 64 * 1024];
        while let Ok(length @ 1..) = from.read(&mut buffer).await {
            let chunk = buffer.get(..length).unwrap_or_default().to_vec();
            if sender.send((Instant::now() + late, chunk)).is_err() {
                return;
            }
        }
    };
    let writing = async move {
        while let Some((due, chunk)) = arrived.recv().await {
            sleep_until(due).await;
            if to.write_all(&chunk).await.is_err() {
                return;
            }
        }
    };
    tokio::join!(reading, writing);
}
