//! How far the exchange's clock is ahead of ours, from round trips to its clock.

use std::collections::VecDeque;

use domain::timestamp::Timestamp;

/// Round trips that are remembered; the quickest of them is believed.
const REMEMBERED: usize = 8;
/// Nanoseconds in a millisecond.
const NS_PER_MS: i64 = 1_000_000;

/// One round trip: ours, theirs, ours, all in milliseconds since 1970.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RoundTrip {
    pub(crate) sent_ms: i64,
    pub(crate) server_ms: i64,
    pub(crate) received_ms: i64,
}

impl RoundTrip {
    fn travel_ms(&self) -> i64 {
        self.received_ms.saturating_sub(self.sent_ms)
    }

    /// The server is asked halfway between sending and receiving.
    fn offset_ns(&self) -> i64 {
        let halfway_ns = self
            .sent_ms
            .saturating_add(self.received_ms)
            .saturating_mul(NS_PER_MS / 2);
        self.server_ms
            .saturating_mul(NS_PER_MS)
            .saturating_sub(halfway_ns)
    }
}

/// The exchange's clock as seen from here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ClockOffset {
    /// Exchange time minus ours.
    pub(crate) ns: i64,
}

impl ClockOffset {
    /// The exchange's time when ours is `now_ms`.
    pub(crate) fn exchange_time(self, now_ms: i64) -> Timestamp {
        Timestamp::from_ms(now_ms.saturating_add(self.ns.div_euclid(NS_PER_MS)))
    }
}

/// The last few round trips.
#[derive(Debug, Default)]
pub(crate) struct RoundTrips(VecDeque<RoundTrip>);

impl RoundTrips {
    /// Adds a round trip and returns the best estimate. One during which our clock went back is
    /// left out.
    pub(crate) fn add(&mut self, trip: RoundTrip) -> Option<ClockOffset> {
        if trip.travel_ms() >= 0 {
            if self.0.len() == REMEMBERED {
                self.0.pop_front();
            }
            self.0.push_back(trip);
        }
        let best = self.0.iter().rev().min_by_key(|trip| trip.travel_ms())?;
        Some(ClockOffset {
            ns: best.offset_ns(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trip(sent_ms: i64, server_ms: i64, received_ms: i64) -> RoundTrip {
        RoundTrip {
            sent_ms,
            server_ms,
            received_ms,
        }
    }

    #[test]
    fn the_quickest_of_the_last_round_trips_is_believed() {
        let mut trips = RoundTrips::default();
        let slow = trips.add(trip(1_000, 2_500, 1_400)).unwrap();
        assert_eq!(slow.ns, 1_300 * NS_PER_MS);
        let quick = trips.add(trip(2_000, 3_251, 2_003)).unwrap();
        assert_eq!(quick.ns, 1_249_500_000);
        assert_eq!(trips.add(trip(3_000, 5_000, 3_900)), Some(quick));
        assert_eq!(quick.exchange_time(10_000).ms(), 11_249);
    }

    #[test]
    fn an_old_round_trip_is_forgotten() {
        let mut trips = RoundTrips::default();
        trips.add(trip(0, 5_000, 0));
        let mut newest = None;
        for _ in 0..REMEMBERED {
            newest = trips.add(trip(0, 1_010, 20));
        }
        assert_eq!(
            newest,
            Some(ClockOffset {
                ns: 1_000 * NS_PER_MS
            })
        );
    }

    #[test]
    fn a_clock_that_went_back_is_not_believed() {
        let mut trips = RoundTrips::default();
        assert_eq!(trips.add(trip(100, 100, 50)), None);
    }

    #[test]
    fn an_exchange_behind_us_rounds_down() {
        assert_eq!(ClockOffset { ns: -1 }.exchange_time(10).ms(), 9);
    }
}
