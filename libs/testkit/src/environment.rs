//! Where the suite's servers and programs are, from the environment that `./just test` sets.

use std::path::PathBuf;

use url::Url;

/// The superuser's URL of the suite's Postgres; the path is its maintenance database.
pub fn postgres_url() -> Url {
    url("BATTLESBIT_TEST_POSTGRES_URL")
}

/// The suite's NATS.
pub fn nats_url() -> String {
    variable("BATTLESBIT_TEST_NATS_URL")
}

/// The suite's Redis.
pub fn redis_url() -> String {
    variable("BATTLESBIT_TEST_REDIS_URL")
}

/// The suite's Temporal: `http://` and the port of its gRPC.
pub fn temporal_url() -> Url {
    url("BATTLESBIT_TEST_TEMPORAL_URL")
}

/// A service's or tool's built binary.
pub(crate) fn binary(name: &str) -> PathBuf {
    PathBuf::from(variable("BATTLESBIT_TEST_BIN_DIR")).join(name)
}

/// A server's program, such as `nats-server`.
pub(crate) fn tool(name: &str) -> PathBuf {
    PathBuf::from(variable("BATTLESBIT_TEST_TOOLS_DIR")).join(name)
}

/// Where the suite's processes note which ports they have given out; it goes with the suite.
pub(crate) fn ports() -> PathBuf {
    PathBuf::from(variable("BATTLESBIT_TEST_TOOLS_DIR")).join("ports")
}

fn url(name: &str) -> Url {
    let text = variable(name);
    Url::parse(&text).unwrap_or_else(|cause| panic!("{name}: expected a URL: {cause}"))
}

fn variable(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| {
        panic!("{name} is not set: run `./just test`, which starts the servers")
    })
}
