//! Rate limits: so many of a thing within a window that begins with the first.

use std::sync::LazyLock;
use std::time::Duration;

use redis::Script;
use sha2::{Digest, Sha256};

use crate::{Cache, CacheError};

/// Counts one more and answers with the count and the rest of the window in milliseconds.
static COUNT: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        "local count = redis.call('INCR', KEYS[1])
         if count == 1 then redis.call('PEXPIRE', KEYS[1], ARGV[1]) end
         return {count, redis.call('PTTL', KEYS[1])}",
    )
});

/// At most `count` of a thing within `window`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    /// What is limited; part of the key, so that two limits never share a count.
    pub of: &'static str,
    /// How many.
    pub count: u32,
    /// Within which time.
    pub window: Duration,
}

/// Whether one more is allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is, and it was counted.
    Allowed,
    /// Not before this much time has passed.
    Wait(Duration),
}

impl Cache {
    /// Counts one more of what `limit` limits for `whom`, of whom only a hash is stored.
    ///
    /// # Errors
    /// [`CacheError::Unavailable`]
    pub async fn count(&self, limit: Limit, whom: &str) -> Result<Verdict, CacheError> {
        let name = format!("{}:{}", limit.of, hex::encode(Sha256::digest(whom)));
        let window_ms = u64::try_from(limit.window.as_millis()).unwrap_or(u64::MAX);
        let (count, rest_ms): (u64, i64) = COUNT
            .key(self.key("limit", &name))
            .arg(window_ms)
            .invoke_async(&mut self.connection())
            .await?;
        if count <= u64::from(limit.count) {
            return Ok(Verdict::Allowed);
        }
        let rest_ms = u64::try_from(rest_ms).unwrap_or_default();
        Ok(Verdict::Wait(Duration::from_millis(rest_ms)))
    }
}
