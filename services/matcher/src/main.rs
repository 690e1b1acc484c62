//! Runs the matcher service.

use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    runtime::run(matcher::SERVICE, matcher::serve).await
}
