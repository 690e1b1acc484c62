//! The loop: inputs go to the engines, what they did goes to the database, and only then do those
//! who wait hear of it.

use std::collections::{BTreeMap, BTreeSet};
use std::future::pending;
use std::time::Duration;

use bus::Entry;
use contracts::shard::Shard as ShardNumber;
use domain::battle::BattleStatus;
use domain::id::BattleId;
use futures::FutureExt;
use futures::future::BoxFuture;
use metrics::{counter, gauge};
use store::arena::{self, Lease};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

use crate::app::App;
use crate::beats::{Beat, Beats};
use crate::commit::{Settled, commit};
use crate::error::Error;
use crate::inputs::{Input, Inputs};
use crate::lease::Owner;
use crate::load::{self, Found};
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
            Input::Hint => {
                let shards = self.shards.keys().copied().collect::<Vec<_>>();
                self.look_for_battles(&shards).await
            }
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
                let shards = self.shards.keys().copied().collect::<Vec<_>>();
                self.look_for_battles(&shards).await?;
            }
            Beat::Watch => self.watch()?,
            Beat::Leaderboard => self.show_leaderboards().await,
        }
        Ok(())
    }

    async fn look_after_leases(&mut self) -> Result<(), Error> {
        self.leases_due = false;
        let leases: Vec<Lease> = self.shards.values().map(|shard| shard.lease).collect();
        match self.owner.renew(&self.app.db, &leases).await {
            Ok(lost) => self.drop_shards(&lost).await,
            Err(error) => warn!(%error, "leases were not renewed"),
        }
        match self.owner.take(&self.app.db).await {
            Ok(taken) => {
                let leases: Vec<Lease> = taken.iter().map(|row| row.lease).collect();
                match load::shards(&self.app, taken).await {
                    Ok(shards) if shards.is_empty() => {}
                    Ok(shards) => {
                        let numbered = shards.into_iter().map(|shard| (shard.lease.shard, shard));
                        self.shards.extend(numbered);
                        self.inputs = None;
                    }
                    Err(error) => {
                        self.owner.release(&self.app.db, &leases).await;
                        tolerate(error, "shards were not loaded")?;
                    }
                }
            }
            Err(error) => warn!(%error, "shards were not taken"),
        }
        if self.inputs.is_none() {
            self.open_inputs().await?;
        }
        #[expect(clippy::cast_precision_loss, reason = "there are 64 shards")]
        gauge!("arena_shards").set(self.shards.len() as f64);
        Ok(())
    }

    /// Reads from the lowest checkpoint; every shard skips what it has applied.
    async fn open_inputs(&mut self) -> Result<(), Error> {
        let markets = self.shards.values().map(Shard::market_place);
        let positions = self.shards.values().map(Shard::positions);
        let lowest = markets.min_by_key(|place| place.sequence);
        let Some(market) = lowest else { return Ok(()) };
        let Some(positions) = positions.min_by_key(|place| place.sequence) else {
            return Ok(());
        };
        match Inputs::open(&self.app.bus, market, positions).await {
            Ok(inputs) => {
                let shards = self.shards.len();
                info!(
                    shards,
                    market = market.sequence,
                    positions = positions.sequence,
                    "reading"
                );
                self.inputs = Some(inputs);
                let shards = self.shards.keys().copied().collect::<Vec<_>>();
                self.look_for_battles(&shards).await
            }
            Err(error) => tolerate(error.into(), "the streams cannot be read"),
        }
    }

    /// Asks the database for what nobody may have told of: battles to follow, to call off and to
    /// seal. Waits for the market's backlog, behind which all of it belongs.
    async fn look_for_battles(&mut self, shards: &[ShardNumber]) -> Result<(), Error> {
        if self
            .inputs
            .as_ref()
            .is_none_or(|inputs| !inputs.is_caught_up())
        {
            return Ok(());
        }
        match self.try_look_for_battles(shards).await {
            Ok(()) => Ok(()),
            Err(error) => tolerate(error, "the database was not asked for battles"),
        }
    }

    async fn try_look_for_battles(&mut self, shards: &[ShardNumber]) -> Result<(), Error> {
        let db = &self.app.db;
        for battle in arena::list_unopened(db, shards).await? {
            if let Some(shard) = self.shards.get_mut(&ShardNumber::of(battle)) {
                load::battle(db, shard, battle).await?;
            }
        }
        for battle in arena::list_called_off(db, shards).await? {
            if let Some(shard) = self.shards.get_mut(&ShardNumber::of(battle)) {
                info!(%battle, called_off = shard.call_off(battle)?, "a battle is called off");
            }
        }
        for battle in arena::list_unsealed(db, shards).await? {
            self.seal(battle);
        }
        Ok(())
    }

    /// Ends battles that wait too long for their last prices, behind the market's backlog, and
    /// makes quiet shards write their checkpoints.
    fn watch(&mut self) -> Result<(), Error> {
        let caught_up = self.inputs.as_ref().is_some_and(Inputs::is_caught_up);
        for shard in self.shards.values_mut() {
            shard.mark_if_quiet(self.limits.checkpoint_ms.duration());
            if caught_up && !shard.running().is_empty() {
                let now = self
                    .app
                    .exchange_now(shard.engine().market_state().ahead_ns);
                for battle in shard.over_since(now.plus_ms(-FINALISE_AFTER_MS)) {
                    warn!(%battle, "a battle is ended without the last prices of all its assets");
                    shard.finalise(battle)?;
                }
            }
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

    /// Sends what waits for nothing that is not true yet.
    async fn send_free_replies(&mut self) {
        if self.commit.is_some() {
            return;
        }
        for shard in self.shards.values_mut() {
            for (to, answer) in shard.take_free_replies() {
                self.app.bus.answer(Some(&to), &answer).await;
            }
        }
    }

    /// Sets a group commit going, unless one is on its way or there is nothing to write.
    fn begin_commit(&mut self) {
        if self.commit.is_some() {
            return;
        }
        let mut batches = Vec::new();
        for (number, shard) in &mut self.shards {
            if shard.is_due() {
                let (batch, replies) = shard.take_batch();
                let ended = batch.battles.iter();
                let ended = ended
                    .filter(|battle| battle.status != BattleStatus::Open)
                    .map(|battle| battle.terms.battle)
                    .collect();
                self.consequences
                    .insert(*number, Consequences { replies, ended });
                batches.push(batch);
            }
        }
        if !batches.is_empty() {
            self.commit = Some(commit(self.app.db.clone(), batches).boxed());
        }
    }

    async fn settled(&mut self, settled: Settled) -> Result<(), Error> {
        self.commit = None;
        for number in &settled.committed {
            if let Some(shard) = self.shards.get_mut(number) {
                shard.committed();
            }
            let Consequences { replies, ended } =
                self.consequences.remove(number).unwrap_or_default();
            for (to, answer) in replies {
                self.app.bus.answer(Some(&to), &answer).await;
            }
            for battle in ended {
                self.seal(battle);
            }
        }
        self.drop_shards(&settled.lost).await;
        if self.leases_due {
            self.look_after_leases().await
        } else {
            Ok(())
        }
    }

    /// Hands an ended battle to the sealer, once.
    fn seal(&mut self, battle: BattleId) {
        let shard = self.shards.get(&ShardNumber::of(battle));
        if let Some(lease) = shard.map(|shard| shard.lease)
            && self.sealing.insert(battle)
            && self.sealer.send((lease, battle)).is_err()
        {
            warn!(%battle, "the sealer has stopped");
        }
    }

    /// The sealer is done with a battle. If it failed, the next poll finds it again.
    fn sealed(&mut self, battle: BattleId) {
        self.sealing.remove(&battle);
        if let Some(shard) = self.shards.get_mut(&ShardNumber::of(battle)) {
            shard.forget(battle);
        }
    }

    /// Drops what these shards have in memory: it did not happen. Whoever owns them reads on from
    /// the rows; where that is still us, we take them anew.
    async fn drop_shards(&mut self, lost: &BTreeSet<ShardNumber>) {
        let mut leases = Vec::new();
        for number in lost {
            warn!(shard = %number, "a shard is lost");
            self.consequences.remove(number);
            leases.extend(self.shards.remove(number).map(|shard| shard.lease));
        }
        if !leases.is_empty() {
            self.owner.release(&self.app.db, &leases).await;
        }
        if self.shards.is_empty() {
            self.inputs = None;
        }
    }

    /// Writes what is left, with every checkpoint, and gives the shards up.
    async fn hand_over(mut self) -> Result<(), Error> {
        self.inputs = None;
        self.finish_commit().await?;
        for shard in self.shards.values_mut() {
            shard.mark_if_quiet(Duration::ZERO);
        }
        self.begin_commit();
        self.finish_commit().await?;
        let leases: Vec<Lease> = self.shards.values().map(|shard| shard.lease).collect();
        self.owner.release(&self.app.db, &leases).await;
        info!(shards = leases.len(), "shards given up");
        Ok(())
    }

    async fn finish_commit(&mut self) -> Result<(), Error> {
        // No lease is taken any more.
        self.leases_due = false;
        match self.commit.take() {
            Some(commit) => self.settled(commit.await?).await,
            None => Ok(()),
        }
    }
}

/// Decides a command. Looks for its battle first where the shard does not know it; nobody hears
/// that there is no such match while the database cannot be asked.
async fn decide(
    app: &App,
    shard: &mut Shard,
    command: &domain::order::Command,
    answer_to: Option<String>,
) -> Result<(), Error> {
    let mut found = Found::Running;
    while !shard.knows(command.battle) && found == Found::Running {
        match load::battle(&app.db, shard, command.battle).await {
            Ok(what) => found = what,
            Err(error) => {
                tolerate(error, "a command waits for the database")?;
                sleep(RETRY_DELAY).await;
            }
        }
    }
    shard.command(command, answer_to)?;
    if found == Found::Ended {
        shard.forget(command.battle);
    }
    Ok(())
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
