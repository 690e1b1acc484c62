//! What is done by the clock.

use std::time::Duration;

use tokio::time::{Interval, MissedTickBehavior, interval};

/// Something that is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Beat {
    /// Leases are taken and renewed.
    Leases,
    /// The database is asked for battles that nobody told of.
    Poll,
    /// Battles that wait too long for their last prices are ended, quiet shards written.
    Watch,
    /// Standings are shown.
    Leaderboard,
}

/// How often the watch looks.
const WATCH_EVERY: Duration = Duration::from_secs(1);

/// The intervals of all beats.
#[derive(Debug)]
pub(crate) struct Beats {
    leases: Interval,
    poll: Interval,
    watch: Interval,
    leaderboard: Interval,
}

impl Beats {
    /// Beats that begin now.
    pub(crate) fn new(leases: Duration, poll: Duration, leaderboard: Duration) -> Self {
        let every = |period| {
            let mut beats = interval(period);
            beats.set_missed_tick_behavior(MissedTickBehavior::Delay);
            beats
        };
        Self {
            leases: every(leases),
            poll: every(poll),
            watch: every(WATCH_EVERY),
            leaderboard: every(leaderboard),
        }
    }

    /// What is due next. Safe to cancel.
    pub(crate) async fn next(&mut self) -> Beat {
        tokio::select! {
            biased;
            _ = self.leases.tick() => Beat::Leases,
            _ = self.poll.tick() => Beat::Poll,
            _ = self.watch.tick() => Beat::Watch,
            _ = self.leaderboard.tick() => Beat::Leaderboard,
        }
    }
}
