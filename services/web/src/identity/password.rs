//! Passwords: kept as argon2id, with a bound on how many are hashed at a time. Whether there is one
//! to compare with makes no difference to how long it takes.

use std::ops::RangeInclusive;
use std::sync::Arc;
use std::time::Duration;

use argon2::password_hash::{PasswordHash, PasswordHasher, PasswordVerifier, SaltString};
use argon2::{Algorithm, Argon2, Params, Version};
use rand::RngExt;
use tokio::sync::Semaphore;

use crate::error::{ApiError, ApiResult};

/// How long a password is, in characters.
const LENGTHS: RangeInclusive<usize> = 8..=128;

/// What a hash costs: 19 MiB, passed over twice by one thread, as OWASP has it.
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;

/// How many are hashed at a time: each has a thread, and its memory.
const AT_ONCE: usize = 2;
/// How many may wait for their turn, and for how long whoever comes then is sent away.
const WAITING: usize = 64;
const COME_AGAIN: Duration = Duration::from_secs(1);

/// How much salt, in bytes.
const SALT_LEN: usize = 16;

/// Hashes passwords, and compares them with hashes.
pub(crate) struct Passwords {
    argon2: Argon2<'static>,
    /// What is compared with where there is nothing: no password has this hash.
    nobodys: Arc<str>,
    places: Arc<Semaphore>,
    turns: Arc<Semaphore>,
}

/// Hashing failed, which it does not on any text.
#[derive(Debug, thiserror::Error)]
#[error("a password cannot be hashed: {0}")]
pub(crate) struct Unhashable(argon2::password_hash::Error);

/// A password that somebody may choose.
pub(crate) fn chosen(password: String) -> ApiResult<String> {
    if LENGTHS.contains(&password.chars().count()) {
        Ok(password)
    } else {
        Err(ApiError::bad_input("newPassword", "8 to 128 characters"))
    }
}

impl Passwords {
    /// Nobody hashes yet.
    pub(crate) fn new() -> Result<Self, Unhashable> {
        let params = Params::new(MEMORY_KIB, PASSES, LANES, None);
        let params = params.map_err(|cause| Unhashable(cause.into()))?;
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        let nobodys: [u8; SALT_LEN] = rand::rng().random();
        Ok(Self {
            nobodys: hash(&argon2, &nobodys)?.into(),
            argon2,
            places: Arc::new(Semaphore::new(AT_ONCE + WAITING)),
            turns: Arc::new(Semaphore::new(AT_ONCE)),
        })
    }

    /// What is kept of a password.
    pub(crate) async fn hash(&self, password: String) -> ApiResult<String> {
        let argon2 = self.argon2.clone();
        let hashed = self.in_turn(move || hash(&argon2, password.as_bytes()));
        hashed.await?.map_err(ApiError::internal)
    }

    /// Whether this is the password that `kept` is the hash of; it is none where nothing is kept.
    pub(crate) async fn check(&self, password: String, kept: Option<String>) -> ApiResult<bool> {
        let argon2 = self.argon2.clone();
        let is_kept = kept.is_some();
        let kept = kept.map_or_else(|| Arc::clone(&self.nobodys), Into::into);
        let matches = self.in_turn(move || {
            let kept = PasswordHash::new(&kept).map_err(Unhashable)?;
            let compared = argon2.verify_password(password.as_bytes(), &kept);
            match compared {
                Ok(()) => Ok(true),
                Err(argon2::password_hash::Error::Password) => Ok(false),
                Err(cause) => Err(Unhashable(cause)),
            }
        });
        let matches = matches.await?.map_err(ApiError::internal)?;
        Ok(matches && is_kept)
    }

    /// Does it on a thread that may take its time, when it is its turn. Whoever stops waiting for it
    /// leaves the turn to it.
    async fn in_turn<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> ApiResult<T> {
        let place = Arc::clone(&self.places).try_acquire_owned();
        let place = place.map_err(|_full| ApiError::RateLimited(COME_AGAIN))?;
        let turn = Arc::clone(&self.turns).acquire_owned().await;
        let turn = turn.map_err(ApiError::internal)?;
        let done = tokio::task::spawn_blocking(move || {
            let done = work();
            drop((turn, place));
            done
        });
        done.await.map_err(ApiError::internal)
    }
}

fn hash(argon2: &Argon2<'_>, password: &[u8]) -> Result<String, Unhashable> {
    let salt: [u8; SALT_LEN] = rand::rng().random();
    let salt = SaltString::encode_b64(&salt).map_err(Unhashable)?;
    let hash = argon2.hash_password(password, &salt).map_err(Unhashable)?;
    Ok(hash.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    const PASSWORD: &str = "correct horse";

    #[tokio::test]
    async fn a_password_matches_its_own_hash_alone() {
        let passwords = Passwords::new().unwrap();
        let hash = passwords.hash(PASSWORD.to_owned()).await.unwrap();
        assert!(
            hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"),
            "{hash}"
        );
        for (password, kept, expected) in [
            (PASSWORD, Some(&hash), true),
            ("Correct horse", Some(&hash), false),
            ("", Some(&hash), false),
            (PASSWORD, None, false),
        ] {
            let checked = passwords.check(password.to_owned(), kept.cloned()).await;
            assert_eq!(checked.unwrap(), expected, "{password}");
        }
        let again = passwords.hash(PASSWORD.to_owned()).await.unwrap();
        assert_ne!(again, hash, "the same salt twice");
    }

    #[tokio::test]
    async fn nobody_waits_behind_more_than_a_few_others() {
        let passwords = Passwords::new().unwrap();
        let checks = (0..=AT_ONCE + WAITING).map(|_| passwords.check(String::new(), None));
        let told = futures::future::join_all(checks).await;
        let sent_away = told.iter().filter(|it| it.is_err()).count();
        assert_eq!(sent_away, 1);
        assert!(passwords.check(String::new(), None).await.is_ok());
    }

    #[test]
    fn a_password_is_neither_short_nor_without_end() {
        for (length, fits) in [(0, false), (7, false), (8, true), (128, true), (129, false)] {
            assert_eq!(chosen("\u{fc}".repeat(length)).is_ok(), fits, "{length}");
        }
    }
}
