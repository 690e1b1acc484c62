//! What every main shares: settings, telemetry, shutdown, health, clock and ids.
//!
//! A service is a library with a [`Service`], a `Settings` type and a function `serve`; its main
//! is one line:
//!
//! ```no_run
//! # const SERVICE: runtime::Service =
//! #     runtime::Service { name: "arena", version: "0.1.0", defaults: "" };
//! # #[derive(serde::Deserialize)]
//! # struct Settings {}
//! # async fn serve(_: Settings, _: runtime::Context) -> anyhow::Result<()> { Ok(()) }
//! #[tokio::main]
//! async fn main() -> std::process::ExitCode {
//!     runtime::run(SERVICE, serve).await
//! }
//! ```

mod causes;
pub mod clock;
mod connections;
mod context;
mod failpoint;
mod health;
mod http;
pub mod ids;
mod millis;
mod open_files;
mod run;
pub mod settings;
mod supervisor;
mod telemetry;

pub use causes::causes;
pub use clock::{Clock, MovableClock};
pub use context::Context;
#[cfg(debug_assertions)]
#[doc(hidden)]
pub use failpoint::reach;
pub use health::Health;
pub use millis::Millis;
pub use run::{Service, install_tls_provider, run};
pub use settings::{Mode, Secret};
pub use supervisor::Supervisor;

/// Every service allocates with it: the gateway answers a fifth more orders than with the allocator of
/// the C library.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;
