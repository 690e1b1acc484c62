//! A way to a server that can be lost.

use std::net::SocketAddr;

use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

/// A way to a server, there for as long as it is kept. While it is cut, connections over it are gone and
/// new ones come to nothing, as where there is no network. While it swallows, nothing arrives and nobody
/// is told, as in a tunnel: connections of that time stay as they are, and are of no use ever after.
pub struct Way {
    address: SocketAddr,
    state: watch::Sender<State>,
    _accepting: JoinSet<()>,
}

#[derive(Clone, Copy, Default)]
struct State {
    is_lost: bool,
    /// How it was lost last.
    loss: Loss,
    /// How often it was lost: what was mended at once was lost all the same.
    losses: u64,
}

#[derive(Clone, Copy, Default, PartialEq)]
enum Loss {
    #[default]
    Cut,
    Swallows,
}

impl Way {
    /// A way to the server at `server`, such as `127.0.0.1:4222`.
    pub async fn to(server: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0")
            .await
            .expect("a port is free");
        let address = listener.local_addr().expect("a listener has an address");
        let (state, known) = watch::channel(State::default());
        let server = server.to_owned();
        let mut accepting = JoinSet::new();
        accepting.spawn(async move {
            let mut ways = JoinSet::new();
            while let Ok((near, _)) = listener.accept().await {
                let state = *known.borrow();
                if !state.is_lost {
                    ways.spawn(carry(near, server.clone(), known.clone(), state.losses));
                } else if state.loss == Loss::Swallows {
                    ways.spawn(swallow(near));
                }
            }
        });
        Self {
            address,
            state,
            _accepting: accepting,
        }
    }

    /// Where it begins.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Cuts it.
    pub fn cut(&self) {
        self.lose(Loss::Cut);
    }

    /// Lets it swallow whatever comes.
    pub fn swallow(&self) {
        self.lose(Loss::Swallows);
    }

    fn lose(&self, loss: Loss) {
        self.state.send_modify(|state| {
            state.is_lost = true;
            state.loss = loss;
            state.losses = state.losses.wrapping_add(1);
        });
    }

    /// Mends it: from now on one can connect again.
    pub fn mend(&self) {
        self.state.send_modify(|state| state.is_lost = false);
    }
}

/// Carries everything over, both ways, until one side is done or the way is lost once more than so many
/// times.
async fn carry(
    mut near: TcpStream,
    server: String,
    mut known: watch::Receiver<State>,
    losses: u64,
) {
    let Ok(mut far) = TcpStream::connect(server).await else {
        return;
    };
    let is_swallowed = tokio::select! {
        _ = copy_bidirectional(&mut near, &mut far) => return,
        lost = known.wait_for(|state| state.losses != losses) => lost.is_ok_and(|it| it.loss == Loss::Swallows),
    };
    if is_swallowed {
        swallow((near, far)).await;
    }
}

/// Keeps connections that nothing comes over.
async fn swallow<C>(connections: C) {
    std::future::pending::<()>().await;
    drop(connections);
}

#[cfg(test)]
mod tests {
    use futures::FutureExt as _;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    use super::*;

    /// A server that says everything back.
    async fn echo() -> (SocketAddr, JoinSet<()>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let mut accepting = JoinSet::new();
        accepting.spawn(async move {
            let mut echoes = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                echoes.spawn(async move {
                    let (mut asks, mut hears) = stream.into_split();
                    tokio::io::copy(&mut asks, &mut hears).await.ok();
                });
            }
        });
        (address, accepting)
    }

    async fn says(stream: &mut TcpStream) -> Option<u8> {
        stream.write_u8(7).await.ok()?;
        stream.read_u8().await.ok()
    }

    #[tokio::test]
    async fn what_is_swallowed_is_never_heard_of_and_nobody_is_told() {
        let (server, _accepting) = echo().await;
        let way = Way::to(&server.to_string()).await;
        let mut stream = TcpStream::connect(way.address()).await.unwrap();
        assert_eq!(says(&mut stream).await, Some(7));
        way.swallow();
        stream.write_u8(7).await.unwrap();
        way.mend();
        let mut again = TcpStream::connect(way.address()).await.unwrap();
        assert_eq!(says(&mut again).await, Some(7));
        assert!(stream.read_u8().now_or_never().is_none());
    }

    #[tokio::test]
    async fn what_is_cut_is_gone_and_what_is_mended_works_for_those_who_come_again() {
        let (server, _accepting) = echo().await;
        let way = Way::to(&server.to_string()).await;
        let mut stream = TcpStream::connect(way.address()).await.unwrap();
        assert_eq!(says(&mut stream).await, Some(7));
        way.cut();
        assert_eq!(stream.read_u8().await.ok(), None);
        let mut meanwhile = TcpStream::connect(way.address()).await.unwrap();
        assert_eq!(says(&mut meanwhile).await, None);
        way.mend();
        let mut again = TcpStream::connect(way.address()).await.unwrap();
        assert_eq!(says(&mut again).await, Some(7));
        way.cut();
        way.mend();
        assert_eq!(again.read_u8().await.ok(), None);
    }
}
