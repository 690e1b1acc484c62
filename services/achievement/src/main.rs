//! Runs the achievement service.

use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    runtime::run(achievement::SERVICE, achievement::serve).await
}
