//! The loop: inputs go to the engines, what they did goes to the database, and only then do those
//! who wait hear of it.

mod battles;
mod committing;
mod ownership;

use std::collections::{BTreeMap, BTreeSet};
use std::future::pending;
use std::time::Duration;

use bus::Entry;
use contracts::shard::Shard as ShardNumber;
use domain::id::BattleId;
use futures::future::BoxFuture;
use metrics::counter;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender};
use tokio_util::sync::CancellationToken;
use tracing::{error, warn};

use self::battles::decide;
use crate::app::App;
use crate::beats::{Beat, Beats};
use crate::commit::Settled;
use crate::error::Error;
use crate::inputs::{Input, Inputs};
use crate::lease::Owner;
use crate::pending::Reply;
use crate::seal::Work;
use crate::settings::Shards as Limits;
use crate::shard::Shard;
use crate::{leaderboard, market_entry, refused, request};

/// A battle whose assets are not final so long after its end is ended without them.
const FINALISE_AFTER_MS: i64 = 60_000;
/// The pause before the database is asked again for what an input needs.
const RETRY_DELAY: Duration = Duration::from_millis(200);

/// What happens next.
enum Turn {
    Shutdown,
    Settled(Settled),
    Beat(Beat),
    Sealed(BattleId),
    Input(Input),
}

/// What follows from a batch once it is true.
#[derive(Default)]
struct Consequences {
    replies: Vec<Reply>,
    ended: Vec<BattleId>,
}

/// The shards of this process and everything that drives them.
pub(crate) struct Arena {
    app: App,
    limits: Limits,
    owner: Owner,
    shards: BTreeMap<ShardNumber, Shard>,
    inputs: Option<Inputs>,
    /// The group commit that is on its way, and what follows from it.
    commit: Option<BoxFuture<'static, store::Result<Settled>>>,
    consequences: BTreeMap<ShardNumber, Consequences>,
    /// Leases wait for the commit on its way: it has their rows locked.
    leases_due: bool,
    beats: Beats,
    sealer: UnboundedSender<Work>,
    sealed: UnboundedReceiver<BattleId>,
    sealing: BTreeSet<BattleId>,
    /// The tail of MARKET when battles were first found late for their last prices.
    backlog: Option<u64>,
}

impl Arena {
    /// An arena without shards yet.
    pub(crate) fn new(
        app: App,
        limits: Limits,
        leaderboard_every: Duration,
        sealer: UnboundedSender<Work>,
        sealed: UnboundedReceiver<BattleId>,
    ) -> Self {
        let owner = Owner::new(limits.lease_ms.duration());
        let beats = Beats::new(owner.beat(), limits.poll_ms.duration(), leaderboard_every);
        Self {
            app,
            limits,
            owner,
            shards: BTreeMap::new(),
            inputs: None,
            commit: None,
            consequences: BTreeMap::new(),
            leases_due: false,
            beats,
            sealer,
            sealed,
            sealing: BTreeSet::new(),
            backlog: None,
        }
    }

    /// Runs until `shutdown`, then writes what is left and gives the shards up.
    pub(crate) async fn run(mut self, shutdown: &CancellationToken) -> Result<(), Error> {
        loop {
            self.send_free_replies().await;
            self.begin_commit();
            match self.turn(shutdown).await? {
                Turn::Shutdown => return self.hand_over().await,
                Turn::Settled(settled) => self.settled(settled).await?,
                Turn::Beat(beat) => self.beat(beat).await?,
                Turn::Sealed(battle) => self.sealed(battle),
                Turn::Input(input) => self.input(input).await?,
            }
        }
    }

    async fn turn(&mut self, shutdown: &CancellationToken) -> Result<Turn, Error> {
        let uncommitted: usize = self.shards.values().map(Shard::uncommitted).sum();
        let takes_input = uncommitted < self.limits.max_uncommitted.get();
        let Self {
            commit,
            beats,
            sealed,
            inputs,
            ..
        } = self;
        tokio::select! {
            biased;
            () = shutdown.cancelled() => Ok(Turn::Shutdown),
            settled = on_its_way(commit) => Ok(Turn::Settled(settled?)),
            beat = beats.next() => Ok(Turn::Beat(beat)),
            Some(battle) = sealed.recv() => Ok(Turn::Sealed(battle)),
            input = next_input(inputs), if takes_input => Ok(Turn::Input(input?)),
        }
    }

    async fn input(&mut self, input: Input) -> Result<(), Error> {
        match input {
            Input::Market(entry) => self.market(&entry),
            Input::Request(entry) => self.request(entry).await,
            Input::Hint => self.look_for_battles().await,
        }
    }

    fn market(&mut self, entry: &Entry) -> Result<(), Error> {
        counter!("arena_market_entries_total").increment(1);
        let said = match market_entry::read(entry) {
            Ok(Some(said)) => said,
            Ok(None) => return Ok(()),
            Err(cause) => {
                error!(sequence = entry.sequence, %cause, "a market entry is skipped");
                return Ok(());
            }
        };
        for shard in self.shards.values_mut() {
            shard.market(entry.sequence, &said)?;
        }
        Ok(())
    }

    async fn request(&mut self, entry: Entry) -> Result<(), Error> {
        counter!("arena_requests_total").increment(1);
        let sequence = entry.sequence;
        match request::read(&entry) {
            Ok((number, command)) => {
                if let Some(shard) = self.shards.get_mut(&number)
                    && !shard.has_applied(sequence)
                {
                    decide(&self.app, shard, &command, entry.answer_to).await?;
                }
            }
            Err(cause) => refused::park(&self.app, &entry, &cause).await,
        }
        for shard in self.shards.values_mut() {
            shard.advance_to(sequence);
        }
        Ok(())
    }

    async fn beat(&mut self, beat: Beat) -> Result<(), Error> {
        match beat {
            Beat::Leases if self.commit.is_some() => self.leases_due = true,
            Beat::Leases => self.look_after_leases().await?,
            Beat::Poll => {
                self.look_for_battles().await?;
            }
            Beat::Watch => self.watch().await?,
            Beat::Leaderboard => self.show_leaderboards().await,
        }
        Ok(())
    }

    async fn show_leaderboards(&mut self) {
        let Self { app, shards, .. } = self;
        for shard in shards.values().filter(|shard| !shard.running().is_empty()) {
            let now = app.exchange_now(shard.engine().market_state().ahead_ns);
            leaderboard::show(&app.bus, shard, now).await;
        }
    }
}

/// Goes on after an error that may pass.
fn tolerate(error: Error, what: &'static str) -> Result<(), Error> {
    if error.may_pass() {
        warn!(%error, "{what}");
        Ok(())
    } else {
        Err(error)
    }
}

async fn on_its_way(
    commit: &mut Option<BoxFuture<'static, store::Result<Settled>>>,
) -> store::Result<Settled> {
    match commit {
        Some(commit) => commit.await,
        None => pending().await,
    }
}

async fn next_input(inputs: &mut Option<Inputs>) -> Result<Input, bus::BusError> {
    match inputs {
        Some(inputs) => inputs.next().await,
        None => pending().await,
    }
}
