//! How often somebody may ask: counted in Redis for the whole fleet, by user, or by address where
//! nobody is signed in. Without Redis everybody may, for what it protects is worth less than the API.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use cache::{Cache, Rate, Verdict};

use crate::error::{ApiError, ApiResult};
use crate::identity::{Claim, Visitor};
use crate::settings::Limits;

/// How long Redis may take to answer.
const WITHIN: Duration = Duration::from_millis(200);

/// For how long it is not asked once it has failed: nobody should wait for it each time.
const PAUSE: Duration = Duration::from_secs(1);

/// Counts requests.
pub(crate) struct Throttle {
    cache: Cache,
    of_a_user: Rate,
    of_an_address: Rate,
    paused_until: Mutex<Option<Instant>>,
}

impl Throttle {
    /// Counts in `cache`, up to the limits.
    pub(crate) fn new(cache: Cache, limits: &Limits) -> Self {
        Self {
            cache,
            of_a_user: rate("user", limits.user_rate, limits.user_burst),
            of_an_address: rate("address", limits.ip_rate, limits.ip_burst),
            paused_until: Mutex::default(),
        }
    }

    /// Counts one more request of the visitor; `RATE_LIMITED` if it is one too many, which is not
    /// counted.
    pub(crate) async fn pass(&self, visitor: &Visitor) -> ApiResult<()> {
        let (rate, whom) = match visitor.claim() {
            Claim::Bearer(pass) => (self.of_a_user, pass.bearer.user.to_string()),
            Claim::Nobody | Claim::Bad => {
                (self.of_an_address, visitor.origin.customer().to_string())
            }
        };
        if self.is_paused() {
            return Ok(());
        }
        let asked = tokio::time::timeout(WITHIN, self.cache.pass(rate, &whom)).await;
        match asked {
            Ok(Ok(Verdict::Allowed)) => Ok(()),
            Ok(Ok(Verdict::Wait(wait))) => Err(ApiError::RateLimited(wait)),
            Ok(Err(cause)) => {
                self.pause(&cause.to_string());
                Ok(())
            }
            Err(_elapsed) => {
                self.pause("redis took too long");
                Ok(())
            }
        }
    }

    fn is_paused(&self) -> bool {
        let until = *self.lock();
        until.is_some_and(|until| Instant::now() < until)
    }

    fn pause(&self, cause: &str) {
        tracing::warn!(cause, "requests are not counted");
        *self.lock() = Instant::now().checked_add(PAUSE);
    }

    fn lock(&self) -> MutexGuard<'_, Option<Instant>> {
        self.paused_until
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

fn rate(of: &'static str, per_second: u32, burst: u32) -> Rate {
    let every = Duration::from_secs(1) / per_second.max(1);
    Rate { of, every, burst }
}
