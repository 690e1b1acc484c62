//! The stand-in on real sockets, heard by a client that knows nothing of its insides.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on fails where it stands"
)]

mod control;
mod faults;
mod keeping;
mod listener;
mod recording;
mod rest;
mod streams;
