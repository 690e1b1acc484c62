//! What every part of the matcher works with.

use bus::{Bus, ExchangeClock};
use runtime::Clock;
use store::Db;
use tokio::sync::Notify;

use crate::settings::Rewards;

/// What every part of the matcher works with.
#[derive(Debug)]
pub(crate) struct App {
    pub(crate) db: Db,
    pub(crate) bus: Bus,
    /// The machine's own clock.
    pub(crate) wall: Clock,
    pub(crate) exchange: ExchangeClock,
    pub(crate) rewards: Rewards,
    /// Wakes the leader of this process: somebody has joined.
    pub(crate) joined: Notify,
}
