//! Work beside the loop: it runs on the process's own tasks, whatever the loop is at, and tells the
//! loop what came of it.

use std::fmt;

use domain::id::BattleId;
use runtime::Context;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use crate::commit::Settled;
use crate::lease::Kept;
use crate::lookup::LookedUp;
use crate::poll::Polled;
use crate::takeover::TakenOver;

/// What came of work beside the loop. There is a named limit on how much of each is under way.
#[derive(Debug)]
pub(crate) enum Told {
    /// A group commit is over.
    Settled(Settled),
    /// The leases were looked after; none if that failed.
    Kept(Option<Kept>),
    /// Shards that were taken are in memory, or could not be brought there.
    TakenOver(TakenOver),
    /// The shard that was being given up is.
    GivenUp,
    /// The database was asked for battles; none if that failed.
    Polled(Option<Polled>),
    /// What commands speak of was looked for.
    LookedUp(LookedUp),
    /// What MARKET held when these battles were found late.
    Backlog {
        /// The late ones.
        battles: Vec<BattleId>,
        /// The last sequence; none if NATS did not say.
        tail: Option<u64>,
    },
    /// The sealer is done with a battle, sealed or not.
    Sealed(BattleId),
}

/// Where such work is begun. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Beside {
    context: Context,
    told: UnboundedSender<Told>,
}

impl Beside {
    /// Runs work on the tasks of `context`; the loop hears of it through the receiver.
    pub(crate) fn new(context: Context) -> (Self, UnboundedReceiver<Told>) {
        let (told, hears) = unbounded_channel();
        (Self { context, told }, hears)
    }

    /// Runs `work` to its end, also while the process shuts down.
    pub(crate) fn run<F>(&self, name: &'static str, work: F)
    where
        F: Future<Output = Told> + Send + 'static,
    {
        let beside = self.clone();
        self.context.spawn(name, async move {
            beside.tell(work.await);
            Ok(())
        });
    }

    /// Runs `work` until it ends or the process shuts down.
    pub(crate) fn run_until_shutdown<F>(&self, name: &'static str, work: F)
    where
        F: Future<Output = Told> + Send + 'static,
    {
        let (beside, shutdown) = (self.clone(), self.context.shutdown());
        self.context.spawn(name, async move {
            if let Some(told) = shutdown.run_until_cancelled(work).await {
                beside.tell(told);
            }
            Ok(())
        });
    }

    /// Runs `work`, which tells the loop nothing by itself, until it ends.
    pub(crate) fn spawn<F>(&self, name: &'static str, work: F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        self.context.spawn(name, async move {
            work.await;
            Ok(())
        });
    }

    /// Tells the loop, unless it has ended.
    pub(crate) fn tell(&self, told: Told) {
        self.told.send(told).ok();
    }
}

impl fmt::Debug for Beside {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Beside").finish_non_exhaustive()
    }
}
