//! One-time codes: only a keyed hash, the tries and the moment of expiry are kept, and all of it
//! may be lost, for another code can be sent.

use std::sync::LazyLock;
use std::time::Duration;

use hmac::{Hmac, KeyInit, Mac};
use redis::Script;
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;
use subtle::ConstantTimeEq;

use crate::{Cache, CacheError};

/// Counts a try and answers with the hash, unless the tries are used up or the code is expired.
static TRY: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        "local kept = redis.call('HMGET', KEYS[1], 'hash', 'expires_at_ms')
         if not kept[1] then return false end
         local tries = redis.call('HINCRBY', KEYS[1], 'tries', 1)
         if tries > tonumber(ARGV[1]) or tonumber(kept[2]) <= tonumber(ARGV[2]) then
             redis.call('DEL', KEYS[1])
             return false
         end
         return kept[1]",
    )
});

/// Deletes the code if it is still the same one: of two who present it, one wins.
static REDEEM: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        "if redis.call('HGET', KEYS[1], 'hash') ~= ARGV[1] then return 0 end
         return redis.call('DEL', KEYS[1])",
    )
});

/// The secret under which codes and addresses are hashed.
#[derive(Clone)]
pub struct CodeKey(SecretString);

impl CodeKey {
    /// A key of any length; the longer the better.
    pub fn new(secret: SecretString) -> Self {
        Self(secret)
    }

    fn hash(&self, parts: [&str; 2]) -> String {
        let mut mac = Hmac::<Sha256>::new_from_slice(self.0.expose_secret().as_bytes())
            .expect("a key of any length is good for HMAC");
        for part in parts {
            mac.update(part.as_bytes());
            mac.update(&[0]);
        }
        hex::encode(mac.finalize().into_bytes())
    }
}

/// The codes that are out.
#[derive(Clone)]
pub struct Codes {
    cache: Cache,
    key: CodeKey,
}

impl Codes {
    /// How many guesses a code survives; the next one destroys it.
    pub const TRIES: u32 = 5;

    /// How much longer than the code Redis keeps its hash, so that the caller's clock decides.
    const SLACK: Duration = Duration::from_secs(60);

    /// The codes kept in `cache`, hashed under `key`.
    pub fn new(cache: Cache, key: CodeKey) -> Self {
        Self { cache, key }
    }

    /// Remembers the code sent to `address` until `expires_at_ms`, which is `lives` from now; an
    /// older one stops working.
    ///
    /// # Errors
    /// [`CacheError::Unavailable`]
    pub async fn issue(
        &self,
        address: &str,
        code: &str,
        expires_at_ms: i64,
        lives: Duration,
    ) -> Result<(), CacheError> {
        let key = self.redis_key(address);
        let kept_ms = i64::try_from(lives.saturating_add(Self::SLACK).as_millis());
        redis::pipe()
            .atomic()
            .del(&key)
            .ignore()
            .hset(&key, "hash", self.key.hash([address, code]))
            .ignore()
            .hset(&key, "expires_at_ms", expires_at_ms)
            .ignore()
            .pexpire(&key, kept_ms.unwrap_or(i64::MAX))
            .ignore()
            .query_async(&mut self.cache.connection())
            .await
            .map_err(CacheError::from)
    }

    /// Whether `code` is the one sent to `address` and not expired at `now_ms`. A code works once,
    /// and no longer after [`Codes::TRIES`] wrong guesses.
    ///
    /// # Errors
    /// [`CacheError::Unavailable`]
    pub async fn redeem(&self, address: &str, code: &str, now_ms: i64) -> Result<bool, CacheError> {
        let key = self.redis_key(address);
        let kept: Option<String> = TRY
            .key(&key)
            .arg(Self::TRIES)
            .arg(now_ms)
            .invoke_async(&mut self.cache.connection())
            .await?;
        let guess = self.key.hash([address, code]);
        let right = kept.is_some_and(|kept| bool::from(kept.as_bytes().ct_eq(guess.as_bytes())));
        if !right {
            return Ok(false);
        }
        Ok(REDEEM
            .key(&key)
            .arg(&guess)
            .invoke_async(&mut self.cache.connection())
            .await?)
    }

    /// Addresses are personal: not even a key shows one.
    fn redis_key(&self, address: &str) -> String {
        self.cache.key("code", &self.key.hash(["address", address]))
    }
}
