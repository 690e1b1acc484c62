//! The exchange's own clock, which may be set apart from this machine's.

use std::time::{SystemTime, UNIX_EPOCH};

/// Microseconds from the Unix epoch to 2020-01-01, from which derived trade ids count.
const EPOCH_2020_US: i64 = 1_577_836_800_000_000;

/// This machine's clock, shifted.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock {
    pub(crate) skew_ms: i64,
}

impl Clock {
    /// Microseconds since the Unix epoch by the exchange's clock.
    #[expect(
        clippy::disallowed_methods,
        reason = "the exchange is another computer: its clock is not that of the fleet"
    )]
    fn now_us(self) -> i64 {
        let since = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        i64::try_from(since.as_micros())
            .unwrap_or(i64::MAX)
            .saturating_add(self.skew_ms.saturating_mul(1000))
    }

    /// Milliseconds since the Unix epoch by the exchange's clock.
    pub(crate) fn now_ms(self) -> i64 {
        self.now_us().div_euclid(1000)
    }

    /// A trade id that lies above all of an earlier run: microseconds since 2020. No source makes
    /// a trade every microsecond, so a restart always begins higher than the run before it ended.
    pub(crate) fn first_trade_id(self) -> i64 {
        self.now_us().saturating_sub(EPOCH_2020_US).max(1)
    }
}
