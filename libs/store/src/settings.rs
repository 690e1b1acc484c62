//! Where Postgres is.

use secrecy::SecretString;
use serde::Deserialize;

/// The `[postgres]` section of a service. `P` is the type of its secrets.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings<P = SecretString> {
    /// `postgres://host:port/database`. The user is always the service's own role.
    pub url: String,
    /// The role's password.
    pub password: P,
    /// The most connections of one process.
    #[serde(default = "default_max_connections")]
    pub max_connections: u32,
}

const fn default_max_connections() -> u32 {
    10
}
