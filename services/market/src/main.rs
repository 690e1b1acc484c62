//! Runs market.

use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    runtime::run(market::SERVICE, market::serve).await
}
