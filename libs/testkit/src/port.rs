//! Ports for servers that are about to start.

use std::fs::File;
use std::net::TcpListener;
use std::ops::Range;
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::{LazyLock, Mutex};

use uuid::Uuid;

use crate::environment;

/// Below the ports that the system gives to outgoing connections, which would take one at any time.
const PORTS: Range<u16> = 10_000..30_000;

/// Test processes begin at different places, so that they seldom look at the same ports.
static NEXT: LazyLock<AtomicU16> = LazyLock::new(|| {
    let [.., high, low] = runtime::ids::mint::<Uuid>().into_bytes();
    AtomicU16::new(u16::from_be_bytes([high, low]))
});

/// The files whose locks say that this process has given a port out.
static GIVEN_OUT: Mutex<Vec<File>> = Mutex::new(Vec::new());

/// A port that nobody listens on just now, and that no other process of the suite gets while this
/// one runs: between finding a port free and listening there somebody else could find it too.
pub fn free_port() -> u16 {
    let count = PORTS.end - PORTS.start;
    (0..count)
        .map(|_| PORTS.start + NEXT.fetch_add(1, Ordering::Relaxed) % count)
        .find(|port| give_out(*port) && TcpListener::bind(("127.0.0.1", *port)).is_ok())
        .expect("one of twenty thousand ports is free")
}

/// Whether the port is ours to give out.
fn give_out(port: u16) -> bool {
    let folder = environment::ports();
    std::fs::create_dir_all(&folder).expect("the suite's folder can be written");
    let path = folder.join(port.to_string());
    let file = File::options().append(true).create(true).open(path);
    let file = file.expect("the suite's folder can be written");
    let free = file.try_lock().is_ok();
    if free {
        let mut given_out = GIVEN_OUT
            .lock()
            .unwrap_or_else(|broken| broken.into_inner());
        given_out.push(file);
    }
    free
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_that_was_given_out_is_not_given_out_again() {
        let port = free_port();
        assert!(!give_out(port));
    }
}
