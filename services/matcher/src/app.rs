//! What every part of the matcher works with.

use std::time::Duration;

use bus::{Bus, Delivery, ExchangeClock, Failure};
use contracts::commands::{Ask, Refused};
use contracts::{Code, Service};
use runtime::Clock;
use store::{Db, Tx};
use tokio::sync::Notify;
use tokio::time::timeout;

use crate::joins::Joins;
use crate::settings::Rewards;

/// How long past its moment a command that was in time may take to commit. The gateway looks for the
/// outcome for 500 ms past it; this is half of that.
pub(crate) const COMMIT_WITHIN: Duration = Duration::from_millis(250);

/// Why a command is taken back: it was held up, by locks or by the database.
#[derive(Debug, thiserror::Error)]
#[error("the command was not done in time")]
struct HeldUp;

/// What every part of the matcher works with.
#[derive(Debug)]
pub(crate) struct App {
    pub(crate) db: Db,
    pub(crate) bus: Bus,
    /// The machine's own clock.
    pub(crate) wall: Clock,
    pub(crate) exchange: ExchangeClock,
    pub(crate) rewards: Rewards,
    /// Where joins of this process gather.
    pub(crate) joins: Joins,
    /// Wakes the leader of this process: somebody has joined.
    pub(crate) joined: Notify,
}

impl App {
    /// How long a command is still of use: for ever unless it lapses, none if it is too late.
    pub(crate) fn left(&self, command: &impl Ask) -> Option<Duration> {
        let Some(expires_at_ms) = command.expires_at_ms() else {
            return Some(Duration::MAX);
        };
        let left_ms = expires_at_ms.saturating_sub(self.wall.now_ms());
        u64::try_from(left_ms).ok().map(Duration::from_millis)
    }

    /// Carries out a command as its owner: see [`bus::carry_out`]. One that lapses is refused where
    /// it is too late before, or behind all locks and right before the commit.
    pub(crate) async fn carry_out<A: Ask, E: Into<Failure>>(
        &self,
        delivery: &Delivery,
        command: &A,
        decide: impl AsyncFnOnce(&Tx) -> Result<Result<A::Value, Refused>, E>,
    ) -> Result<(), Failure> {
        let too_late =
            || -> Result<Result<A::Value, Refused>, E> { Ok(Err(Refused::new(Code::JoinExpired))) };
        let in_time = async |tx: &Tx| {
            if self.left(command).is_none() {
                return too_late();
            }
            let decided = decide(tx).await?;
            if self.left(command).is_none() {
                return too_late();
            }
            Ok(decided)
        };
        let carrying = bus::carry_out(
            &self.bus,
            &self.db,
            Service::Matcher,
            delivery,
            command,
            in_time,
        );
        match self.left(command) {
            // Dropped, it takes everything back. The next delivery finds that it is too late.
            Some(left) => timeout(left.saturating_add(COMMIT_WITHIN), carrying)
                .await
                .map_err(|_elapsed| Failure::retry(HeldUp))?,
            None => carrying.await,
        }
    }
}
