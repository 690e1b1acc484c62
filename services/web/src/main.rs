//! Runs the gateway.

// An optimised build lays out the executor's futures of the whole schema, one inside another.
#![recursion_limit = "256"]

use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    runtime::run(web::SERVICE, web::serve).await
}
