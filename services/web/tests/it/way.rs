//! A way to Postgres on which every statement that is sent is written down.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, copy};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

/// What the gateway sends of its own accord: what health asks, what relays and clears away messages,
/// what forgets sessions; and what the driver asks about types.
const NOT_ASKED_FOR: [&str; 4] = [
    "SELECT 1",
    "outbox",
    "DELETE FROM refresh_tokens WHERE hash IN (",
    "pg_catalog",
];

/// The version of the protocol that asks for encryption instead of a session.
const SSL_REQUEST: [u8; 4] = 80_877_103_u32.to_be_bytes();

/// A way to a Postgres, there for as long as it is kept.
pub(crate) struct Way {
    pub(crate) port: u16,
    sent: Sent,
    _accepting: JoinSet<()>,
}

/// What was sent, transaction by transaction; a statement alone is one too.
type Sent = Arc<Mutex<Vec<Vec<String>>>>;

impl Way {
    /// A way to the server that listens on `server`.
    pub(crate) async fn to(server: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let sent = Sent::default();
        let ahead = Arc::clone(&sent);
        let mut accepting = JoinSet::new();
        accepting.spawn(async move {
            let mut ways = JoinSet::new();
            while let Ok((near, _)) = listener.accept().await {
                let far = TcpStream::connect(("127.0.0.1", server)).await.unwrap();
                for end in [&near, &far] {
                    end.set_nodelay(true).unwrap();
                }
                ways.spawn(carry(near, far, Arc::clone(&ahead)));
            }
        });
        Self {
            port,
            sent,
            _accepting: accepting,
        }
    }

    /// The statements that were sent since this was last asked, for whoever asked the gateway.
    pub(crate) fn take(&self) -> Vec<String> {
        let sent = std::mem::take(&mut *self.sent.lock().unwrap());
        let is_own = |statement: &String| {
            let mut own = NOT_ASKED_FOR.iter();
            own.any(|it| statement == it || (*it != "SELECT 1" && statement.contains(it)))
        };
        let asked_for = sent.into_iter().filter(|it| !it.iter().any(is_own));
        asked_for.flatten().collect()
    }
}

/// Carries everything over, both ways, until one side is done.
async fn carry(near: TcpStream, far: TcpStream, sent: Sent) {
    let (mut asks, mut hears) = near.into_split();
    let (mut answers, mut told) = far.into_split();
    let asking = async move {
        let mut session = Session::default();
        let mut chunk = vec![0; 64 * 1024];
        while let Ok(length @ 1..) = asks.read(&mut chunk).await {
            // Before the server hears of it: whoever has its answer finds it written down.
            session.read(&chunk[..length], &sent);
            if told.write_all(&chunk[..length]).await.is_err() {
                return;
            }
        }
    };
    tokio::select! {
        () = asking => {}
        _ = copy(&mut answers, &mut hears) => {}
    }
}

/// One client's side of the protocol.
#[derive(Default)]
struct Session {
    unread: Vec<u8>,
    has_begun: bool,
    /// The texts of prepared statements, by their names.
    prepared: HashMap<String, String>,
    transaction: Option<Vec<String>>,
}

impl Session {
    fn read(&mut self, chunk: &[u8], sent: &Sent) {
        self.unread.extend_from_slice(chunk);
        // What opens a session has no letter in front.
        while let Some((kind, body)) = self.message() {
            match kind {
                None => self.has_begun = !body.starts_with(&SSL_REQUEST),
                Some(b'P') => {
                    let (name, rest) = text(&body);
                    self.prepared.insert(name, text(rest).0);
                }
                Some(b'B') => {
                    let (_portal, rest) = text(&body);
                    let statement = self.prepared[&text(rest).0].clone();
                    self.note(statement, sent);
                }
                Some(b'Q') => self.note(text(&body).0, sent),
                Some(_) => {}
            }
        }
    }

    /// The next message that is whole: its letter, and what it says.
    fn message(&mut self) -> Option<(Option<u8>, Vec<u8>)> {
        let head = usize::from(self.has_begun);
        let length = self.unread.get(head..head + 4)?;
        let length = u32::from_be_bytes(length.try_into().unwrap());
        let end = head + usize::try_from(length).unwrap();
        let body = self.unread.get(head + 4..end)?.to_vec();
        let kind = self.has_begun.then(|| self.unread[0]);
        self.unread.drain(..end);
        Some((kind, body))
    }

    fn note(&mut self, statement: String, sent: &Sent) {
        let is_end = ["COMMIT", "ROLLBACK"].contains(&statement.as_str());
        if statement == "BEGIN" {
            self.transaction = Some(Vec::new());
        }
        let Some(transaction) = &mut self.transaction else {
            sent.lock().unwrap().push(vec![statement]);
            return;
        };
        transaction.push(statement);
        if is_end {
            sent.lock().unwrap().extend(self.transaction.take());
        }
    }
}

/// The text that a zero ends, and what follows it.
fn text(bytes: &[u8]) -> (String, &[u8]) {
    let end = bytes.iter().position(|byte| *byte == 0).unwrap();
    let text = String::from_utf8(bytes[..end].to_vec()).unwrap();
    (text, &bytes[end + 1..])
}
