//! The stamp that a command gets once, and the limits on how many a player may send.

use crate::battle::{MAX_COMMANDS_PER_BATTLE, MAX_COMMANDS_PER_SECOND, Usage};
use crate::exact::div_ceil;
use crate::order::Verb;
use crate::timestamp::Timestamp;

const NS_PER_MS: i128 = 1_000_000;

/// The effective time of a command: its storage on the exchange's clock and the delay after it,
/// rounded up to a whole millisecond, never below the previous stamp of the battle.
pub(super) fn stamp(
    stored_at_ns: i64,
    ahead_ns: i64,
    fill_delay_ms: i64,
    previous: Option<Timestamp>,
) -> Timestamp {
    let delay_ns = i128::from(fill_delay_ms).saturating_mul(NS_PER_MS);
    let stored_ns = i128::from(stored_at_ns).saturating_add(ahead_ns.into());
    let ms = div_ceil(stored_ns.saturating_add(delay_ns), NS_PER_MS);
    let stamp = Timestamp::from_ms(i64::try_from(ms).unwrap_or(i64::MAX));
    previous.map_or(stamp, |previous| previous.max(stamp))
}

impl Usage {
    /// The usage with one more command counted.
    pub(super) fn counting(self, verb: Verb, effective_time: Timestamp) -> Self {
        let second = effective_time.ms().div_euclid(1_000);
        let before = if second == self.second {
            self.in_second
        } else {
            0
        };
        let (order, exit) = match verb {
            Verb::New | Verb::Amend => (1, 0),
            Verb::Close | Verb::Cancel => (0, 1),
        };
        Self {
            second,
            in_second: before.saturating_add(1),
            orders: self.orders.saturating_add(order),
            exits: self.exits.saturating_add(exit),
        }
    }

    /// Whether the last counted command, of this verb, was one too many.
    pub(super) const fn exceeds(self, verb: Verb) -> bool {
        let in_battle = match verb {
            Verb::New | Verb::Amend => self.orders,
            Verb::Close | Verb::Cancel => self.exits,
        };
        self.in_second > MAX_COMMANDS_PER_SECOND || in_battle > MAX_COMMANDS_PER_BATTLE
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stamp_is_rounded_up_and_never_goes_back() {
        assert_eq!(stamp(1_000_001, 0, 250, None).ms(), 252);
        assert_eq!(stamp(1_000_000, 500_000, 250, None).ms(), 252);
        assert_eq!(stamp(3_000_000, -1_000_001, 0, None).ms(), 2);
        assert_eq!(stamp(0, 0, 0, Some(Timestamp::from_ms(7))).ms(), 7);
        assert_eq!(stamp(i64::MAX, i64::MAX, i64::MAX, None).ms(), i64::MAX);
    }

    #[test]
    fn a_second_takes_ten_commands_and_the_next_begins_anew() {
        let mut usage = Usage::default();
        for _ in 0..10 {
            usage = usage.counting(Verb::Close, Timestamp::from_ms(1_999));
            assert!(!usage.exceeds(Verb::Close));
        }
        assert!(
            usage
                .counting(Verb::New, Timestamp::from_ms(1_000))
                .exceeds(Verb::New)
        );
        assert!(
            !usage
                .counting(Verb::New, Timestamp::from_ms(2_000))
                .exceeds(Verb::New)
        );
    }

    #[test]
    fn exits_have_a_limit_of_their_own() {
        let full = Usage {
            orders: 5_000,
            ..Usage::default()
        };
        let time = Timestamp::from_ms(5_000);
        assert!(full.counting(Verb::Amend, time).exceeds(Verb::Amend));
        assert!(!full.counting(Verb::Cancel, time).exceeds(Verb::Cancel));
        let full = Usage {
            exits: 5_000,
            ..Usage::default()
        };
        assert!(full.counting(Verb::Close, time).exceeds(Verb::Close));
        assert!(!full.counting(Verb::New, time).exceeds(Verb::New));
    }
}
