//! A way to Postgres that is cut where it hurts most: around a COMMIT, whose outcome is then
//! unknown to the arena.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use domain::order::Side;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use crate::audit::audit;
use crate::floor::{Floor, LIMIT, order, soon};
use crate::process::binary;

/// Where a connection is cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cut {
    /// The server never hears of the COMMIT.
    Before,
    /// The server commits; nobody hears of it.
    Behind,
}

/// A way to a Postgres, there for as long as it is kept.
struct Way {
    port: u16,
    /// How many COMMITs are still to be cut.
    left: Arc<AtomicUsize>,
    _accepting: JoinSet<()>,
}

impl Way {
    /// A way to the server that listens on `port`, which cuts nothing yet.
    async fn to(server: u16, cut: Cut) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let left = Arc::new(AtomicUsize::new(0));
        let armed = Arc::clone(&left);
        let mut accepting = JoinSet::new();
        accepting.spawn(async move {
            let mut ways = JoinSet::new();
            while let Ok((near, _)) = listener.accept().await {
                let far = TcpStream::connect(("127.0.0.1", server)).await.unwrap();
                ways.spawn(carry(near, far, cut, Arc::clone(&armed)));
            }
        });
        Self {
            port,
            left,
            _accepting: accepting,
        }
    }
}

/// Carries everything over, both ways, until a COMMIT is cut or one side is done.
async fn carry(mut near: TcpStream, mut far: TcpStream, cut: Cut, left: Arc<AtomicUsize>) {
    let (mut asked, mut answered) = (vec![0; 64 * 1024], vec![0; 64 * 1024]);
    loop {
        tokio::select! {
            read = near.read(&mut asked) => {
                let Ok(length @ 1..) = read else { return };
                let chunk = &asked[..length];
                let commits = chunk.windows(6).any(|word| word == b"COMMIT");
                let cuts = commits && left.try_update(Ordering::SeqCst, Ordering::SeqCst, |left| {
                    left.checked_sub(1)
                }).is_ok();
                if cuts && cut == Cut::Before {
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

/// Plays a battle in which the connection is cut around COMMITs, those of the relay too.
async fn survives(cut: Cut) {
    let floor = Floor::new().await;
    floor.tick(95, soon()).await;
    let terms = floor.open_battle(600).await;
    let mut url = floor.database.url();
    let way = Way::to(url.port().unwrap(), cut).await;
    url.set_port(Some(way.port)).unwrap();
    let arena = binary(&floor).setting("postgres.url", url.as_str());
    let arena = arena.start_ready().await;
    let mut sent = vec![order(&terms, 0, Side::Buy)];
    floor.ask(&sent[0]).await;
    floor.tick(95, soon()).await;

    for side in [Side::Sell, Side::Buy, Side::Sell] {
        way.left.store(3, Ordering::SeqCst);
        let next = order(&terms, 1, side);
        floor.ask(&next).await;
        sent.push(next);
        floor.tick(96, soon()).await;
        testkit::eventually(LIMIT, async || way.left.load(Ordering::SeqCst) == 0).await;
    }
    assert!(
        arena
            .stderr()
            .contains("the outcome of a commit is unknown")
    );

    floor.end(std::slice::from_ref(&terms)).await;
    let audit = audit(&floor, &[terms], &sent).await;
    assert_eq!((audit.accepted, audit.filled), (4, 4));
}

#[tokio::test]
async fn a_commit_whose_answer_is_lost_is_found_to_be_done_and_not_repeated() {
    survives(Cut::Behind).await;
}

#[tokio::test]
async fn a_commit_that_never_arrived_is_found_to_be_undone_and_repeated() {
    survives(Cut::Before).await;
}
