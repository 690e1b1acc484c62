//! How to reach NATS and how its streams are kept.

use serde::Deserialize;

use crate::Prefix;

/// The `[nats]` section that every service has. Replicas and bytes must be the same for the whole
/// fleet: `migrate` declares the streams with them, services refuse a difference.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NatsSettings {
    /// The server, such as `nats://127.0.0.1:4222`; several are separated by commas.
    pub url: String,
    /// Put before every subject and stream name; empty outside tests.
    #[serde(default)]
    pub prefix: Prefix,
    /// How many servers keep each stream.
    #[serde(default = "one")]
    pub replicas: usize,
    /// The most bytes that any one stream may reserve, where the contract allows it more.
    #[serde(default)]
    pub max_stream_bytes: Option<u64>,
}

const fn one() -> usize {
    1
}

impl NatsSettings {
    /// A server with streams of one replica and the contract's sizes.
    pub fn new(url: impl Into<String>, prefix: Prefix) -> Self {
        Self {
            url: url.into(),
            prefix,
            replicas: one(),
            max_stream_bytes: None,
        }
    }
}
