//! Runs the gateway.

use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    runtime::run(web::SERVICE, web::serve).await
}
