//! Connections on real sockets: slow, silent, too many, and open while the process stops.

use axum::extract::ws::WebSocketUpgrade;
use axum::http::StatusCode;
use axum::routing::{any, get};
use futures::{StreamExt, stream};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio::time::{interval, timeout};

use super::*;

const SOON: Duration = Duration::from_millis(50);
const LIMIT: Duration = Duration::from_secs(20);
const NEVER: Duration = Duration::from_secs(60 * 60);

/// So patient with everybody that a test would fail.
const PATIENT: Limits = Limits {
    open: 10,
    beyond: 1,
    first_request_within: NEVER,
    idle_for: NEVER,
    end_within: SOON,
};

/// A listener that serves.
struct Served {
    address: SocketAddr,
    stop: CancellationToken,
    task: JoinSet<()>,
    /// Lets `/slow` go on.
    go: Arc<Notify>,
}

impl Served {
    async fn with(limits: Limits) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, go) = (CancellationToken::new(), Arc::new(Notify::new()));
        let slow = {
            let go = Arc::clone(&go);
            move || {
                let go = Arc::clone(&go);
                async move {
                    let late = stream::once(async move {
                        go.notified().await;
                        Ok::<_, Infallible>("late")
                    });
                    Body::from_stream(stream::iter([Ok("first, ")]).chain(late))
                }
            }
        };
        let routes = Routes {
            served: Router::new()
                .route(
                    "/peer",
                    get(async |ConnectInfo(peer): ConnectInfo<SocketAddr>| peer.to_string()),
                )
                .route("/slow", get(slow))
                .route("/socket", any(socket)),
            refused: Router::new().fallback(async || StatusCode::SERVICE_UNAVAILABLE),
        };
        let mut task = JoinSet::new();
        task.spawn(serve(listener, limits, routes, stop.clone()));
        Self {
            address,
            stop,
            task,
            go,
        }
    }

    async fn connect(&self) -> Client {
        Client(TcpStream::connect(self.address).await.unwrap())
    }

    /// Waits until it has ended.
    async fn ended(&mut self) {
        timeout(LIMIT, self.task.join_next()).await.unwrap();
    }
}

/// Says what it hears.
async fn socket(upgrade: WebSocketUpgrade) -> Response {
    upgrade.on_upgrade(async |mut socket| {
        while let Some(Ok(message)) = socket.recv().await {
            socket.send(message).await.ok();
        }
    })
}

struct Client(TcpStream);

impl Client {
    async fn say(&mut self, bytes: &[u8]) {
        self.0.write_all(bytes).await.unwrap();
    }

    async fn ask(&mut self, path: &str) {
        let request = format!("GET {path} HTTP/1.1\r\nhost: localhost\r\n\r\n");
        self.say(request.as_bytes()).await;
    }

    /// Hears until the text is there.
    async fn hears(&mut self, text: &str) -> String {
        let mut heard = String::new();
        while !heard.contains(text) {
            let mut bytes = [0; 1_024];
            let read = timeout(LIMIT, self.0.read(&mut bytes))
                .await
                .unwrap()
                .unwrap();
            assert!(read > 0, "it was closed behind {heard:?}");
            heard.push_str(&String::from_utf8_lossy(&bytes[..read]));
        }
        heard
    }

    /// Everything until the connection is closed.
    async fn hears_the_end(&mut self) -> Vec<u8> {
        let mut heard = Vec::new();
        let ended = timeout(LIMIT, self.0.read_to_end(&mut heard))
            .await
            .unwrap();
        match ended {
            Ok(_) => heard,
            // It was closed while we still spoke.
            Err(cause) if cause.kind() == io::ErrorKind::ConnectionReset => heard,
            Err(cause) => panic!("{cause}"),
        }
    }
}

#[tokio::test]
async fn a_head_that_does_not_end_is_not_waited_for() {
    let limits = Limits {
        first_request_within: SOON,
        ..PATIENT
    };
    let served = Served::with(limits).await;
    for (beginning, more) in [
        ("", ""),
        ("PRI * HT", ""),
        ("GET /peer HTTP/1.1\r\nx: ", "x"),
    ] {
        let client = served.connect().await;
        let (mut hearing, mut saying) = client.0.into_split();
        saying.write_all(beginning.as_bytes()).await.unwrap();
        let dripping = async {
            let mut ticks = interval(SOON / 10);
            loop {
                ticks.tick().await;
                // It may be closed by now.
                saying.write_all(more.as_bytes()).await.ok();
            }
        };
        let mut heard = Vec::new();
        tokio::select! {
            ended = timeout(LIMIT, hearing.read_to_end(&mut heard)) => {
                ended.unwrap().ok();
            }
            () = dripping => {}
        }
        assert_eq!(heard, b"", "{beginning}");
    }
}

#[tokio::test]
async fn a_connection_without_a_next_request_is_closed() {
    let limits = Limits {
        first_request_within: SOON,
        idle_for: SOON,
        ..PATIENT
    };
    let served = Served::with(limits).await;
    let mut client = served.connect().await;
    for _ in 0..2 {
        client.ask("/peer").await;
        let heard = client.hears("127.0.0.1:").await;
        assert!(heard.starts_with("HTTP/1.1 200"), "{heard}");
    }
    // The head of the next one comes too slowly.
    client.say(b"GET /peer HTTP/1.1\r\n").await;
    assert_eq!(client.hears_the_end().await, b"");
}

#[tokio::test]
async fn a_connection_of_http_2_without_a_request_is_told_to_go() {
    let limits = Limits {
        first_request_within: SOON,
        ..PATIENT
    };
    let served = Served::with(limits).await;
    let mut client = served.connect().await;
    client.say(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").await;
    const SETTINGS: [u8; 9] = [0, 0, 0, 4, 0, 0, 0, 0, 0];
    client.say(&SETTINGS).await;
    let heard = client.hears_the_end().await;
    let mut kinds = Vec::new();
    let mut rest = heard.as_slice();
    while let [a, b, c, kind, ..] = *rest {
        kinds.push(kind);
        let length = usize::from(a) << 16 | usize::from(b) << 8 | usize::from(c);
        rest = &rest[9 + length..];
    }
    const GO_AWAY: u8 = 7;
    assert!(
        kinds.contains(&SETTINGS[3]) && kinds.contains(&GO_AWAY),
        "{kinds:?}"
    );
}

#[tokio::test]
async fn an_answer_may_take_longer_than_a_connection_may_be_idle() {
    let limits = Limits {
        first_request_within: SOON,
        idle_for: SOON,
        ..PATIENT
    };
    let served = Served::with(limits).await;
    let mut slow = served.connect().await;
    slow.ask("/slow").await;
    slow.hears("first").await;
    // One that began later is closed before.
    let mut idle = served.connect().await;
    idle.ask("/peer").await;
    idle.hears_the_end().await;
    served.go.notify_one();
    slow.hears("late").await;
}

#[tokio::test]
async fn connections_beyond_the_limit_are_told_so_or_closed() {
    let limits = Limits { open: 1, ..PATIENT };
    let served = Served::with(limits).await;
    let mut first = served.connect().await;
    first.ask("/peer").await;
    let heard = first.hears("127.0.0.1:").await;
    assert!(
        heard.ends_with(&first.0.local_addr().unwrap().to_string()),
        "{heard}"
    );
    let mut second = served.connect().await;
    let mut third = served.connect().await;
    assert_eq!(third.hears_the_end().await, b"");
    second.ask("/peer").await;
    let heard = String::from_utf8(second.hears_the_end().await).unwrap();
    assert!(heard.starts_with("HTTP/1.1 503"), "{heard}");
    assert!(heard.contains("connection: close"), "{heard}");
    // The first is served as before, and makes room when it goes.
    first.ask("/peer").await;
    first.hears("127.0.0.1:").await;
    drop(first);
    let served_again = async {
        loop {
            let mut next = served.connect().await;
            next.0
                .write_all(b"GET /peer HTTP/1.1\r\nconnection: close\r\n\r\n")
                .await
                .ok();
            if next.hears_the_end().await.starts_with(b"HTTP/1.1 200") {
                break;
            }
        }
    };
    timeout(LIMIT, served_again).await.unwrap();
}

#[tokio::test]
async fn a_socket_keeps_its_place_and_is_not_idle() {
    let limits = Limits {
        open: 1,
        first_request_within: SOON,
        idle_for: SOON,
        ..PATIENT
    };
    let served = Served::with(limits).await;
    let mut socket = served.connect().await;
    socket
        .say(
            b"GET /socket HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\n\
              sec-websocket-version: 13\r\nsec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n",
        )
        .await;
    socket.hears("\r\n\r\n").await;
    let mut second = served.connect().await;
    second.ask("/peer").await;
    let heard = second.hears_the_end().await;
    assert!(heard.starts_with(b"HTTP/1.1 503"));
    let mut idle = served.connect().await;
    assert_eq!(idle.hears_the_end().await, b"");
    // A text of one letter, under a mask of zeros.
    socket.say(&[0x81, 0x81, 0, 0, 0, 0, b'x']).await;
    socket.hears("x").await;
}

#[tokio::test]
async fn a_listener_that_stops_finishes_what_is_open_and_takes_nothing_more() {
    let mut served = Served::with(PATIENT).await;
    let mut slow = served.connect().await;
    slow.ask("/slow").await;
    slow.hears("first").await;
    let (mut silent, mut idle) = (served.connect().await, served.connect().await);
    silent.say(b"GET /peer HT").await;
    idle.ask("/peer").await;
    idle.hears("127.0.0.1:").await;
    served.stop.cancel();
    assert_eq!(silent.hears_the_end().await, b"");
    assert_eq!(idle.hears_the_end().await, b"");
    assert!(TcpStream::connect(served.address).await.is_err());
    served.go.notify_one();
    let heard = String::from_utf8(slow.hears_the_end().await).unwrap();
    assert!(heard.contains("late"), "{heard}");
    served.ended().await;
}
