//! The one place that asks what time it is, so that a test can say what time it is.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use time::OffsetDateTime;

/// A source of wall-clock time. Cheap to clone; clones of a movable clock move together.
#[derive(Clone, Debug)]
pub struct Clock(Source);

#[derive(Clone, Debug)]
enum Source {
    System,
    Movable(Arc<AtomicI64>),
}

impl Clock {
    /// The machine's clock.
    pub fn system() -> Self {
        Self(Source::System)
    }

    /// Milliseconds since 1970-01-01T00:00:00Z.
    pub fn now_ms(&self) -> i64 {
        match &self.0 {
            Source::System => system_ms(),
            Source::Movable(now_ms) => now_ms.load(Ordering::SeqCst),
        }
    }

    /// The same moment as [`Clock::now_ms`], in UTC and whole milliseconds.
    pub fn now(&self) -> OffsetDateTime {
        OffsetDateTime::UNIX_EPOCH + time::Duration::milliseconds(self.now_ms())
    }
}

/// The handle that moves a [`Clock`] in tests.
#[derive(Clone, Debug)]
pub struct MovableClock(Arc<AtomicI64>);

impl MovableClock {
    /// A clock that stands at `now_ms` milliseconds since 1970 until it is moved.
    pub fn at(now_ms: i64) -> Self {
        Self(Arc::new(AtomicI64::new(now_ms)))
    }

    /// A clock that stands at the machine's present time until it is moved.
    pub fn at_present() -> Self {
        Self::at(system_ms())
    }

    /// The clock to hand to the code under test.
    pub fn clock(&self) -> Clock {
        Clock(Source::Movable(Arc::clone(&self.0)))
    }

    /// Moves the clock forward.
    pub fn advance(&self, by: Duration) {
        self.0.fetch_add(saturating_ms(by), Ordering::SeqCst);
    }

    /// Sets the clock, forward or back.
    pub fn set_ms(&self, now_ms: i64) {
        self.0.store(now_ms, Ordering::SeqCst);
    }
}

#[expect(clippy::disallowed_methods, reason = "this is the clock")]
fn system_ms() -> i64 {
    match SystemTime::now().duration_since(UNIX_EPOCH) {
        Ok(since) => saturating_ms(since),
        Err(before) => -saturating_ms(before.duration()),
    }
}

fn saturating_ms(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_movable_clock_stands_still_until_it_is_moved() {
        let movable = MovableClock::at(1_000);
        let clock = movable.clock();
        assert_eq!(clock.now_ms(), 1_000);
        movable.advance(Duration::from_millis(250));
        assert_eq!(clock.now_ms(), 1_250);
        movable.set_ms(-1);
        assert_eq!(clock.now().unix_timestamp_nanos(), -1_000_000);
    }

    #[test]
    fn the_systems_clock_is_past_the_year_2020() {
        assert!(Clock::system().now().year() > 2020);
    }
}
