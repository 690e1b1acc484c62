//! Market between a real NATS, a real Redis and an exchange that misbehaves on request.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on fails where it stands"
)]

mod candles;
mod faults;
mod feed;
mod reader;
mod recording;
mod replicas;
mod restart;
mod scene;
mod window;
