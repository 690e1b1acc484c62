//! Runs the notifications service.

use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    runtime::run(notifications::SERVICE, notifications::serve).await
}
