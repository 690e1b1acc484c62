//! What every part of the arena works with.

use bus::Bus;
use domain::timestamp::Timestamp;
use runtime::Clock;
use store::Db;

use crate::beside::Beside;

/// Connections, the wall clock, and where work runs beside the loop.
#[derive(Clone, Debug)]
pub(crate) struct App {
    pub(crate) db: Db,
    pub(crate) bus: Bus,
    pub(crate) clock: Clock,
    pub(crate) beside: Beside,
}

impl App {
    /// The present on the exchange's clock, which is `ahead_ns` ahead of ours.
    pub(crate) fn exchange_now(&self, ahead_ns: i64) -> Timestamp {
        Timestamp::from_ms(self.clock.now_ms()).plus_ns(ahead_ns)
    }
}
