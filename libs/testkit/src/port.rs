//! Ports for servers that are about to start.

use std::net::TcpListener;
use std::ops::Range;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU16, Ordering};

use uuid::Uuid;

/// Below the ports that the system gives to outgoing connections, which would take one at any time.
const PORTS: Range<u16> = 10_000..30_000;

/// Test processes begin at different places, so that two of them seldom meet.
static NEXT: LazyLock<AtomicU16> = LazyLock::new(|| {
    let [.., high, low] = runtime::ids::mint::<Uuid>().into_bytes();
    AtomicU16::new(u16::from_be_bytes([high, low]))
});

/// A port that nobody listens on just now, and that this process has not given out lately.
pub fn free_port() -> u16 {
    let count = PORTS.end - PORTS.start;
    (0..count)
        .map(|_| PORTS.start + NEXT.fetch_add(1, Ordering::Relaxed) % count)
        .find(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok())
        .expect("one of twenty thousand ports is free")
}
