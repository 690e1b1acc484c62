//! How to reach NATS and how its streams are kept.

use std::fmt;

use serde::Deserialize;

use crate::Prefix;

/// The `[nats]` section that every service has. Replicas and bytes must be the same for the whole
/// fleet: `migrate` declares the streams with them, services refuse a difference.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NatsSettings {
    /// The server, such as `nats://127.0.0.1:4222`; several are separated by commas. It may hold a
    /// user and a password, so only the servers are ever shown.
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

impl fmt::Debug for NatsSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            url,
            prefix,
            replicas,
            max_stream_bytes,
        } = self;
        f.debug_struct("NatsSettings")
            .field("url", &without_credentials(url))
            .field("prefix", prefix)
            .field("replicas", replicas)
            .field("max_stream_bytes", max_stream_bytes)
            .finish()
    }
}

/// The servers without user and password, fit for a log.
pub(crate) fn without_credentials(url: &str) -> String {
    let host = |server: &str| {
        server
            .rsplit_once('@')
            .map_or(server, |(_, host)| host)
            .to_owned()
    };
    url.split(',').map(host).collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_never_shows_the_password_of_nats() {
        let url = "nats://u:p@a:1,nats://b:2";
        assert_eq!(without_credentials(url), "a:1,nats://b:2");
        let shown = format!("{:?}", NatsSettings::new(url, Prefix::default()));
        assert!(!shown.contains("u:p"), "{shown}");
    }
}
