//! Counts what the exchange sent and nobody can read, and says so once a second at most.

use std::time::{Duration, Instant};

/// Between two lines of the log.
const LOG_EVERY: Duration = Duration::from_secs(1);

/// The count of malformed frames.
#[derive(Debug, Default)]
pub(crate) struct MalformedFrames {
    unsaid: u64,
    said_at: Option<Instant>,
}

impl MalformedFrames {
    /// Counts one more.
    pub(crate) fn note(&mut self) {
        metrics::counter!("battlesbit_market_malformed_frames_total").increment(1);
        if let Some(frames) = self.count(Instant::now()) {
            tracing::warn!(frames, "malformed frames skipped");
        }
    }

    /// Counts one more; returns how many to log, if it is time.
    fn count(&mut self, now: Instant) -> Option<u64> {
        self.unsaid += 1;
        if self
            .said_at
            .is_some_and(|said_at| now < said_at + LOG_EVERY)
        {
            return None;
        }
        self.said_at = Some(now);
        Some(std::mem::take(&mut self.unsaid))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_is_logged_once_a_second_with_its_size() {
        let (mut frames, start) = (MalformedFrames::default(), Instant::now());
        assert_eq!(frames.count(start), Some(1));
        for ms in 1..=500 {
            assert_eq!(frames.count(start + Duration::from_millis(ms)), None);
        }
        assert_eq!(frames.count(start + LOG_EVERY), Some(501));
    }
}
