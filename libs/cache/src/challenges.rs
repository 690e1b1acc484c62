//! Messages that were handed out to be signed: only a hash of each is kept, what it is for and when
//! it expires, and all of it may be lost, for another one can be asked for.

use std::time::Duration;

use sha2::{Digest, Sha256};

use crate::{Cache, CacheError};

/// The messages that are out.
#[derive(Clone)]
pub struct Challenges(Cache);

impl Challenges {
    /// How much longer than the message Redis keeps its hash, so that the caller's clock decides.
    const SLACK: Duration = Duration::from_secs(60);

    /// The messages kept in `cache`.
    pub fn new(cache: Cache) -> Self {
        Self(cache)
    }

    /// Remembers that `message` was handed out for `purpose`, until `expires_at_ms`, which is
    /// `lives` from now.
    ///
    /// # Errors
    /// [`CacheError::Unavailable`]
    pub async fn issue(
        &self,
        message: &str,
        purpose: &str,
        expires_at_ms: i64,
        lives: Duration,
    ) -> Result<(), CacheError> {
        let kept_ms = u64::try_from(lives.saturating_add(Self::SLACK).as_millis());
        let mut set = redis::cmd("SET");
        set.arg(self.redis_key(message))
            .arg(format!("{expires_at_ms} {purpose}"))
            .arg("PX")
            .arg(kept_ms.unwrap_or(u64::MAX));
        let () = set.query_async(&mut self.0.connection()).await?;
        Ok(())
    }

    /// Whether `message` was handed out for `purpose` and is not expired at `now_ms`. Nothing is
    /// asked about twice.
    ///
    /// # Errors
    /// [`CacheError::Unavailable`]
    pub async fn redeem(
        &self,
        message: &str,
        purpose: &str,
        now_ms: i64,
    ) -> Result<bool, CacheError> {
        let mut take = redis::cmd("GETDEL");
        take.arg(self.redis_key(message));
        let kept: Option<String> = take.query_async(&mut self.0.connection()).await?;
        let good = kept.is_some_and(|kept| {
            kept.split_once(' ').is_some_and(|(until_ms, issued_for)| {
                issued_for == purpose && until_ms.parse::<i64>().is_ok_and(|until| until > now_ms)
            })
        });
        Ok(good)
    }

    fn redis_key(&self, message: &str) -> String {
        let hash = hex::encode(Sha256::digest(message));
        self.0.key("challenge", &hash)
    }
}
