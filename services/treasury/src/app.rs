//! What every handler works with.

use bus::Bus;
use runtime::{Clock, Mode};
use store::Db;

use crate::custody::Custody;
use crate::settings::{Items, PlayMoney, Withdrawals};

/// The present moment for a gauge, in whole seconds.
pub(crate) fn now_s(clock: &Clock) -> f64 {
    f64::from(u32::try_from(clock.now_ms() / 1_000).unwrap_or(u32::MAX))
}

/// What every handler works with.
#[derive(Clone, Debug)]
pub(crate) struct App {
    pub(crate) db: Db,
    pub(crate) bus: Bus,
    pub(crate) clock: Clock,
    pub(crate) mode: Mode,
    pub(crate) play_money: PlayMoney,
    pub(crate) items: Items,
    pub(crate) withdrawals: Withdrawals,
    /// The keys and the way to the chain; none where there is no chain.
    pub(crate) custody: Option<Custody>,
}
