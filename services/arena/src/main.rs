//! Runs the arena service.

use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    runtime::run(arena::SERVICE, arena::serve).await
}
