//! What was found a moment ago and need not be looked up again yet.

use std::borrow::Borrow;
use std::hash::Hash;
use std::time::{Duration, Instant};

use moka::Expiry;
use moka::sync::Cache;
use rand::RngExt;

/// The most that is remembered of one kind.
const MOST: u64 = 100_000;

/// Remembers what was found, each thing for a time of its own between half the longest and the
/// longest: what was found together would be looked up together again otherwise, everybody's at
/// once.
pub(crate) struct Remembered<K, V>(Cache<K, V>);

struct Spread {
    longest: Duration,
}

impl<K, V> Expiry<K, V> for Spread {
    fn expire_after_create(&self, _: &K, _: &V, _: Instant) -> Option<Duration> {
        Some(rand::rng().random_range(self.longest / 2..=self.longest))
    }
}

impl<K, V> Remembered<K, V>
where
    K: Hash + Eq + Send + Sync + 'static,
    V: Clone + Send + Sync + 'static,
{
    /// Remembers nothing yet, and everything for `longest` at most.
    pub(crate) fn for_at_most(longest: Duration) -> Self {
        let found = Cache::builder().max_capacity(MOST);
        Self(found.expire_after(Spread { longest }).build())
    }

    pub(crate) fn get<Q>(&self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        self.0.get(key)
    }

    pub(crate) fn insert(&self, key: K, value: V) {
        self.0.insert(key, value);
    }

    /// Forgets everything.
    pub(crate) fn forget(&self) {
        self.0.invalidate_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_found_together_is_not_forgotten_together() {
        let longest = Duration::from_secs(1);
        let spread = Spread { longest };
        let now = Instant::now();
        let times = (0..100).map(|key| spread.expire_after_create(&key, &(), now).unwrap());
        let mut times: Vec<_> = times.collect();
        times.sort_unstable();
        assert!(times[0] >= longest / 2 && times[99] <= longest, "{times:?}");
        assert!(times[99] - times[0] > longest / 4, "{times:?}");
    }
}
