//! The exchange's own clock, which may be set apart from this machine's.

use std::time::{SystemTime, UNIX_EPOCH};

/// Milliseconds from the Unix epoch to 2020-01-01, from which derived trade ids count.
const EPOCH_2020_MS: i64 = 1_577_836_800_000;

/// This machine's clock, shifted.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock {
    pub(crate) skew_ms: i64,
}

impl Clock {
    /// Milliseconds since the Unix epoch by the exchange's clock.
    #[expect(
        clippy::disallowed_methods,
        reason = "the exchange is another computer: its clock is not that of the fleet"
    )]
    pub(crate) fn now_ms(self) -> i64 {
        let since = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        i64::try_from(since.as_millis())
            .unwrap_or(i64::MAX)
            .saturating_add(self.skew_ms)
    }

    /// A trade id that lies above all of an earlier run: microseconds since 2020. No source makes
    /// a trade every microsecond, so a restart always begins higher than the run before it ended.
    pub(crate) fn first_trade_id(self) -> i64 {
        self.now_ms()
            .saturating_sub(EPOCH_2020_MS)
            .max(1)
            .saturating_mul(1000)
    }
}
