//! The bus on real servers.

#![expect(clippy::unwrap_used, reason = "a test may panic where it fails")]

mod asking;
mod consuming;
mod corner;
mod live;
mod ordered;
mod relay;
mod slow;
mod streams;
