//! A way to Postgres that is cut at a statement, before the server hears of it or behind.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

/// More than any statement here has.
const CHUNK_BYTES: usize = 256 * 1024;

/// The statements around which a way is cut: the first letters of a simple query, as it is sent,
/// or of one that was prepared.
pub(crate) const STATEMENTS: [Statement; 6] = [
    Statement("BEGIN"),
    Statement("SAVEPOINT"),
    Statement("execute"),
    Statement("RELEASE"),
    Statement("ROLLBACK"),
    Statement("COMMIT"),
];

/// A statement by its first word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Statement(&'static str);

impl Statement {
    /// Whether a chunk from the client brings it.
    fn is_in(self, chunk: &[u8]) -> bool {
        match chunk.split_first_chunk::<5>() {
            Some(([b'Q', ..], text)) => text.starts_with(self.0.as_bytes()),
            Some(([b'P' | b'B', ..], _)) => self.0 == "execute",
            Some(_) | None => false,
        }
    }
}

/// Where a connection is cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Cut {
    pub(crate) at: Statement,
    /// Whether the server still hears of the statement; nobody hears its answer.
    pub(crate) behind: bool,
}

/// What is to be cut next, and what was.
#[derive(Default)]
struct Plan {
    next: Option<Cut>,
    done: BTreeMap<Cut, u64>,
}

/// A way to a Postgres, there for as long as it is kept.
pub(crate) struct Way {
    pub(crate) port: u16,
    plan: Arc<Mutex<Plan>>,
    sessions: watch::Receiver<usize>,
    _accepting: JoinSet<()>,
}

impl Way {
    /// A way to the server that listens on `server`, which nothing cuts yet.
    pub(crate) async fn to(server: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let plan = Arc::<Mutex<Plan>>::default();
        let (counter, sessions) = watch::channel(0);
        let ahead = Arc::clone(&plan);
        let mut accepting = JoinSet::new();
        accepting.spawn(async move {
            let mut ways = JoinSet::new();
            while let Ok((near, _)) = listener.accept().await {
                let far = TcpStream::connect(("127.0.0.1", server)).await.unwrap();
                for end in [&near, &far] {
                    end.set_nodelay(true).unwrap();
                }
                counter.send_modify(|count| *count += 1);
                let (counter, ahead) = (counter.clone(), Arc::clone(&ahead));
                ways.spawn(async move {
                    carry(near, far, &ahead).await;
                    counter.send_modify(|count| *count -= 1);
                });
            }
        });
        Self {
            port,
            plan,
            sessions,
            _accepting: accepting,
        }
    }

    /// Cuts the connection at the next statement of this kind; false if it is to be cut already.
    pub(crate) fn cut(&self, cut: Cut) -> bool {
        let next = &mut self.plan.lock().unwrap().next;
        let is_free = next.is_none();
        next.get_or_insert(cut);
        is_free
    }

    /// How often it was cut where.
    pub(crate) fn cuts(&self) -> BTreeMap<Cut, u64> {
        self.plan.lock().unwrap().done.clone()
    }

    /// Waits until the server has ended every session: what was in doubt is decided.
    pub(crate) async fn ended(&self) {
        let mut sessions = self.sessions.clone();
        sessions.wait_for(|count| *count == 0).await.unwrap();
    }
}

impl Plan {
    /// The cut that is due at this chunk.
    fn meet(&mut self, chunk: &[u8]) -> Option<Cut> {
        let met = self.next.take_if(|cut| cut.at.is_in(chunk))?;
        *self.done.entry(met).or_default() += 1;
        Some(met)
    }
}

/// Carries everything over, both ways, until it is cut or one side is done; then waits until the
/// server has ended the session.
async fn carry(mut near: TcpStream, mut far: TcpStream, plan: &Mutex<Plan>) {
    let (mut asked, mut answered) = (vec![0; CHUNK_BYTES], vec![0; CHUNK_BYTES]);
    let mut is_cut = false;
    loop {
        tokio::select! {
            read = near.read(&mut asked) => {
                let Ok(length @ 1..) = read else { break };
                let chunk = &asked[..length];
                let met = plan.lock().unwrap().meet(chunk);
                if met.is_some_and(|cut| !cut.behind) || far.write_all(chunk).await.is_err() {
                    break;
                }
                is_cut |= met.is_some();
            }
            read = far.read(&mut answered) => {
                let Ok(length @ 1..) = read else { break };
                if is_cut || near.write_all(&answered[..length]).await.is_err() {
                    break;
                }
            }
        }
    }
    drop(near);
    far.shutdown().await.ok();
    while let Ok(1..) = far.read(&mut answered).await {}
}
