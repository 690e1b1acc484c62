//! The connection to Redis and the prefix under which all keys live.

use std::sync::Arc;
use std::time::Duration;

use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use secrecy::{ExposeSecret, SecretString};

/// A command that takes longer counts as lost.
const RESPONSE_TIMEOUT: Duration = Duration::from_millis(800);

/// A connection that is not there by then counts as refused.
const CONNECTION_TIMEOUT: Duration = Duration::from_millis(800);

/// A failed command is not retried by the connection for longer than this between attempts.
const MAX_RECONNECT_DELAY: Duration = Duration::from_millis(500);

/// Redis, as this project uses it. Cheap to clone; reconnects by itself.
#[derive(Clone)]
pub struct Cache {
    connection: ConnectionManager,
    prefix: Arc<str>,
}

/// Why the cache could not do it.
#[derive(Debug, thiserror::Error)]
pub enum CacheError {
    /// Redis did not answer, or answered with an error.
    #[error("redis is not answering")]
    Unavailable(#[from] redis::RedisError),
    /// A value of ours could not be read back.
    #[error("the value of {key} is not what was stored there")]
    Corrupt {
        /// Its key, without the prefix.
        key: String,
    },
}

impl Cache {
    /// Connects to the server at `url`; every key begins with `prefix`.
    ///
    /// # Errors
    /// [`CacheError::Unavailable`] if the address is none or nobody answers there.
    pub async fn connect(url: &SecretString, prefix: &str) -> Result<Self, CacheError> {
        let client = redis::Client::open(url.expose_secret())?;
        let config = ConnectionManagerConfig::new()
            .set_response_timeout(Some(RESPONSE_TIMEOUT))
            .set_connection_timeout(Some(CONNECTION_TIMEOUT))
            .set_max_delay(MAX_RECONNECT_DELAY);
        let connection = ConnectionManager::new_with_config(client, config).await?;
        Ok(Self {
            connection,
            prefix: prefix.into(),
        })
    }

    /// Asks whether Redis is there.
    ///
    /// # Errors
    /// [`CacheError::Unavailable`]
    pub async fn ping(&self) -> Result<(), CacheError> {
        let mut connection = self.connection();
        Ok(redis::cmd("PING").query_async(&mut connection).await?)
    }

    /// The full name of a key.
    pub(crate) fn key(&self, kind: &str, name: &str) -> String {
        format!("{}{kind}:{name}", self.prefix)
    }

    pub(crate) fn connection(&self) -> ConnectionManager {
        self.connection.clone()
    }
}
