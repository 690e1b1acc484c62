//! What every part of the matcher works with.

use bus::{Bus, Delivery, ExchangeClock, Failure};
use contracts::Service;
use contracts::commands::{Ask, Refused};
use runtime::Clock;
use store::{Db, Tx};
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

impl App {
    /// Carries out a command as its owner: see [`bus::carry_out`].
    pub(crate) async fn carry_out<A: Ask, E: Into<Failure>>(
        &self,
        delivery: &Delivery,
        command: &A,
        decide: impl AsyncFnOnce(&Tx) -> Result<Result<A::Value, Refused>, E>,
    ) -> Result<(), Failure> {
        bus::carry_out(
            &self.bus,
            &self.db,
            Service::Matcher,
            delivery,
            command,
            decide,
        )
        .await
    }
}
