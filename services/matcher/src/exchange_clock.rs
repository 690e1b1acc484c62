//! What time it is on the exchange's clock: ours, moved by the offset that market last published.

use bus::{Bus, BusError};
use contracts::Key;
use contracts::market::Offset;
use domain::timestamp::Timestamp;
use runtime::Clock;

const NS_PER_MS: i128 = 1_000_000;

/// A moment on the exchange's clock.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Moment {
    /// The moment, in whole milliseconds.
    pub(crate) now: Timestamp,
    /// By how much the exchange's clock was ahead of ours, in nanoseconds.
    pub(crate) offset_ns: i64,
}

/// The exchange's clock, as well as we know it.
#[derive(Clone, Debug)]
pub(crate) struct ExchangeClock {
    wall: Clock,
    bus: Bus,
}

impl ExchangeClock {
    pub(crate) fn new(wall: Clock, bus: Bus) -> Self {
        Self { wall, bus }
    }

    /// The present moment. Before market has measured anything the clocks agree.
    pub(crate) async fn read(&self) -> Result<Moment, BusError> {
        let last = self.bus.last::<Offset>(&Key::none()).await?;
        let offset_ns = last.map_or(0, |last| last.message.offset_ns);
        Ok(Moment {
            now: moved(self.wall.now_ms(), offset_ns),
            offset_ns,
        })
    }
}

fn moved(wall_ms: i64, offset_ns: i64) -> Timestamp {
    let ns = i128::from(wall_ms) * NS_PER_MS + i128::from(offset_ns);
    Timestamp::from_ms(i64::try_from(ns.div_euclid(NS_PER_MS)).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn part_of_a_millisecond_is_cut_off_on_both_sides_of_zero() {
        assert_eq!(moved(1_000, 2_999_999), Timestamp::from_ms(1_002));
        assert_eq!(moved(1_000, -1), Timestamp::from_ms(999));
    }
}
