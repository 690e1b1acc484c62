//! What the gateway carries, beside other programs in the same run: orders and lists by HTTP, prices
//! to a thousand subscribers, and the memory of ten thousand that hear nothing.
//!
//! Each server is a process of its own on the first core, and what drives it is this one on the
//! second: Linux alone can hold them apart. `cargo bench --bench gateway -- fanout` runs one of the
//! parts alone.

// The gateway's schema, as in its own program.
#![recursion_limit = "256"]
#![expect(
    clippy::unwrap_used,
    clippy::print_stderr,
    clippy::cast_precision_loss,
    reason = "a measurement fails by panicking, and speaks to whoever runs it"
)]

mod cores;
mod fanout;
mod feed;
mod idle;
mod requests;
mod servers;
mod socket;
mod stage;

use std::process::ExitCode;

use tokio::runtime::Builder;

use self::stage::Stage;

/// Under which name the figures are printed.
const BENCH: &str = "gateway";

fn main() -> ExitCode {
    if servers::is_gateway() {
        let runtime = Builder::new_multi_thread().enable_all().build().unwrap();
        return runtime.block_on(runtime::run(web::SERVICE, web::serve_measured));
    }
    let wanted: Vec<String> = std::env::args()
        .skip(1)
        .filter(|argument| !argument.starts_with('-'))
        .collect();
    let runs = |part: &str| wanted.is_empty() || wanted.iter().any(|name| name == part);
    measure::machine();
    cores::keep_to_drivers();
    cores::allow_sockets();
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let stage = Stage::new().await;
        if runs("requests") {
            requests::measure(&stage).await;
        }
        if runs("fanout") {
            fanout::measure(&stage).await;
        }
        if runs("idle") {
            idle::measure(&stage).await;
        }
    });
    ExitCode::SUCCESS
}
