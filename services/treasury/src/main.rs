//! Runs the treasury service.

use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    runtime::run(treasury::SERVICE, treasury::serve).await
}
