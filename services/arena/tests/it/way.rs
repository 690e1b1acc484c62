//! A way to Postgres that is cut where it hurts most, around a commit, or that holds transactions
//! back for a while when they begin. A commit is a COMMIT, or the arena's one statement that is all
//! of its transaction.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

/// Where a connection is cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cut {
    /// The server never hears of the commit.
    Before,
    /// The server commits; nobody hears of it.
    Behind,
}

/// A way to a Postgres, there for as long as it is kept.
pub(crate) struct Way {
    pub(crate) port: u16,
    trouble: Arc<Trouble>,
    _accepting: JoinSet<()>,
}

/// What happens on the way.
struct Trouble {
    cut: Cut,
    /// How many commits are still to be cut.
    cuts: AtomicUsize,
    /// Whether transactions are held back.
    held: watch::Sender<bool>,
    /// How many were.
    holds: AtomicUsize,
}

impl Way {
    /// A way to the server that listens on `port`, on which nothing happens yet.
    pub(crate) async fn to(server: u16, cut: Cut) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let trouble = Arc::new(Trouble {
            cut,
            cuts: AtomicUsize::new(0),
            held: watch::channel(false).0,
            holds: AtomicUsize::new(0),
        });
        let ahead = Arc::clone(&trouble);
        let mut accepting = JoinSet::new();
        accepting.spawn(async move {
            let mut ways = JoinSet::new();
            while let Ok((near, _)) = listener.accept().await {
                let far = TcpStream::connect(("127.0.0.1", server)).await.unwrap();
                ways.spawn(carry(near, far, Arc::clone(&ahead)));
            }
        });
        Self {
            port,
            trouble,
            _accepting: accepting,
        }
    }

    /// Cuts the next `count` commits.
    pub(crate) fn cut(&self, count: usize) {
        self.trouble.cuts.store(count, Ordering::SeqCst);
    }

    /// Whether all of them are cut.
    pub(crate) fn has_cut(&self) -> bool {
        self.trouble.cuts.load(Ordering::SeqCst) == 0
    }

    /// Holds every transaction back that begins from now on.
    pub(crate) fn hold(&self) {
        self.trouble.held.send_replace(true);
    }

    /// How many were held back.
    pub(crate) fn holds(&self) -> usize {
        self.trouble.holds.load(Ordering::SeqCst)
    }

    /// Lets them go on.
    pub(crate) fn release(&self) {
        self.trouble.held.send_replace(false);
    }
}

/// Carries everything over, both ways, until a commit is cut or one side is done.
async fn carry(mut near: TcpStream, mut far: TcpStream, trouble: Arc<Trouble>) {
    let mut whole = Whole::default();
    let (mut asked, mut answered) = (vec![0; 64 * 1024], vec![0; 64 * 1024]);
    loop {
        tokio::select! {
            read = near.read(&mut asked) => {
                let Ok(length @ 1..) = read else { return };
                let chunk = &asked[..length];
                let is_whole = whole.runs_in(chunk);
                if is_whole || has(chunk, b"BEGIN") {
                    trouble.pass().await;
                }
                let cuts = (is_whole || has(chunk, b"COMMIT")) && trouble.cuts();
                if cuts && trouble.cut == Cut::Before {
                    return;
                }
                if far.write_all(chunk).await.is_err() {
                    return;
                }
                if cuts {
                    // The server has committed when it answers.
                    far.readable().await.ok();
                    return;
                }
            }
            read = far.read(&mut answered) => {
                let Ok(length @ 1..) = read else { return };
                if near.write_all(&answered[..length]).await.is_err() {
                    return;
                }
            }
        }
    }
}

impl Trouble {
    async fn pass(&self) {
        let mut held = self.held.subscribe();
        if *held.borrow() {
            self.holds.fetch_add(1, Ordering::SeqCst);
            held.wait_for(|held| !held).await.unwrap();
        }
    }

    fn cuts(&self) -> bool {
        let one_less = |left: usize| left.checked_sub(1);
        self.cuts
            .try_update(Ordering::SeqCst, Ordering::SeqCst, one_less)
            .is_ok()
    }
}

/// The statement that is a whole transaction, once this connection has prepared it.
#[derive(Default)]
struct Whole {
    name: Option<Vec<u8>>,
}

impl Whole {
    /// Whether it is run here.
    fn runs_in(&mut self, chunk: &[u8]) -> bool {
        // Parse: its length, a name, the text.
        if let Some(text) = find(chunk, b"WITH market AS")
            && has(&chunk[text..], b"announced AS")
        {
            let name = chunk[..text].strip_suffix(b"\0").unwrap();
            let is_of_name = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
            let length = name
                .iter()
                .rev()
                .take_while(|byte| is_of_name(byte))
                .count();
            self.name = Some(name[name.len() - length..].to_vec());
        }
        // Bind: its length, no portal's name, the statement's.
        let Some(name) = &self.name else { return false };
        let behind = [b"\0", name.as_slice(), b"\0"].concat();
        let is_bind = |part: &[u8]| part[0] == b'B' && part[5..] == behind;
        chunk.windows(5 + behind.len()).any(is_bind)
    }
}

fn find(chunk: &[u8], word: &[u8]) -> Option<usize> {
    chunk.windows(word.len()).position(|part| part == word)
}

fn has(chunk: &[u8], word: &[u8]) -> bool {
    find(chunk, word).is_some()
}
