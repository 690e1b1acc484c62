//! Development only: what tests on real servers stand on. It never stands in for a server: the
//! suite runs against real ones, and a test that has to break one starts its own.
//!
//! Everything here panics with a clear text instead of returning errors: its only callers are
//! tests.

mod cleanup;
mod database;
mod environment;
mod eventually;
mod port;
mod process;
mod server;
mod space;
mod validator;
mod way;

pub use database::{Database, ROLE_PASSWORD};
pub use environment::{nats_url, postgres_url, redis_url, temporal_url};
pub use eventually::{Outcome, eventually};
pub use nix::sys::signal::Signal;
pub use port::free_port;
pub use process::{Binary, Process};
pub use server::Server;
pub use space::Space;
pub use validator::Validator;
pub use way::Way;
