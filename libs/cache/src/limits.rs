//! Rate limits: so many of a thing within a window that begins with the first, or one in so much time
//! in the long run.

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

/// The generic cell rate algorithm. All that is kept of somebody is when the last thing would be due
/// if all came at the steady rate. Answers with the microseconds to wait: none if it was counted.
static PASS: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        "local time = redis.call('TIME')
         local now = time[1] * 1000000 + time[2]
         local interval, burst = tonumber(ARGV[1]), tonumber(ARGV[2])
         local due = math.max(tonumber(redis.call('GET', KEYS[1]) or 0), now) + interval
         local wait = due - now - interval * burst
         if wait > 0 then return wait end
         local kept_ms = math.ceil((due - now) / 1000)
         redis.call('SET', KEYS[1], string.format('%.0f', due), 'PX', kept_ms)
         return 0",
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

/// At most one of a thing in `every` so much time in the long run, and `burst` at once after a rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// What is limited; part of the key, so that two limits never share a count.
    pub of: &'static str,
    /// How far apart they are in the long run.
    pub every: Duration,
    /// How many at once; at least one.
    pub burst: u32,
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
        let window_ms = u64::try_from(limit.window.as_millis()).unwrap_or(u64::MAX);
        let (count, rest_ms): (u64, i64) = COUNT
            .key(self.limit_key("limit", limit.of, whom))
            .arg(window_ms)
            .invoke_async(&mut self.connection())
            .await?;
        if count <= u64::from(limit.count) {
            return Ok(Verdict::Allowed);
        }
        let rest_ms = u64::try_from(rest_ms).unwrap_or_default();
        Ok(Verdict::Wait(Duration::from_millis(rest_ms)))
    }

    /// Counts one more of what `rate` limits for `whom`, of whom only a hash is stored. What has to
    /// wait is not counted.
    ///
    /// # Errors
    /// [`CacheError::Unavailable`]
    pub async fn pass(&self, rate: Rate, whom: &str) -> Result<Verdict, CacheError> {
        let every_us = u64::try_from(rate.every.as_micros()).unwrap_or(u64::MAX);
        let wait_us: u64 = PASS
            .key(self.limit_key("rate", rate.of, whom))
            .arg(every_us.max(1))
            .arg(rate.burst.max(1))
            .invoke_async(&mut self.connection())
            .await?;
        Ok(match wait_us {
            0 => Verdict::Allowed,
            wait_us => Verdict::Wait(Duration::from_micros(wait_us)),
        })
    }

    fn limit_key(&self, kind: &str, of: &str, whom: &str) -> String {
        let name = format!("{of}:{}", hex::encode(Sha256::digest(whom)));
        self.key(kind, &name)
    }
}
