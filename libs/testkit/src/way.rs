//! A way to a server that can be lost.

use std::net::SocketAddr;

use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

/// A way to a server, there for as long as it is kept. While it is cut, connections over it are gone and
/// new ones come to nothing, as where there is no network.
pub struct Way {
    address: SocketAddr,
    state: watch::Sender<State>,
    _accepting: JoinSet<()>,
}

#[derive(Clone, Copy, Default)]
struct State {
    is_cut: bool,
    /// How often it was cut: what was mended at once was cut all the same.
    cuts: u64,
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
                let State { is_cut, cuts } = *known.borrow();
                if !is_cut {
                    ways.spawn(carry(near, server.clone(), known.clone(), cuts));
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
        self.state.send_modify(|state| {
            state.is_cut = true;
            state.cuts = state.cuts.wrapping_add(1);
        });
    }

    /// Mends it: from now on one can connect again.
    pub fn mend(&self) {
        self.state.send_modify(|state| state.is_cut = false);
    }
}

/// Carries everything over, both ways, until one side is done or the way is cut
/// once more than so many times.
async fn carry(mut near: TcpStream, server: String, mut known: watch::Receiver<State>, cuts: u64) {
    let Ok(mut far) = TcpStream::connect(server).await else {
        return;
    };
    tokio::select! {
        _ = copy_bidirectional(&mut near, &mut far) => {}
        _ = known.wait_for(|state| state.cuts != cuts) => {}
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    use super::*;

    /// A server that says everything back.
    async fn echo() -> (SocketAddr, JoinSet<()>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let mut accepting = JoinSet::new();
        accepting.spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (mut asks, mut hears) = stream.into_split();
                tokio::io::copy(&mut asks, &mut hears).await.ok();
            }
        });
        (address, accepting)
    }

    async fn says(stream: &mut TcpStream) -> Option<u8> {
        stream.write_u8(7).await.ok()?;
        stream.read_u8().await.ok()
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
