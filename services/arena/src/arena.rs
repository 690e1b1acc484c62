//! The loop: inputs go to the engines, what they did goes to the database, and only then do those
//! who wait hear of it. Whatever takes time runs beside it.

mod battles;
mod committing;
mod ownership;
mod requests;

use std::collections::{BTreeMap, BTreeSet};
use std::future::pending;
use std::time::Duration;

use bus::Entry;
use contracts::shard::Shard as ShardNumber;
use domain::id::BattleId;
use metrics::counter;
use store::arena::Lease;
use tokio::sync::mpsc::{Sender, UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::time::{Instant, sleep, sleep_until};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use self::committing::Consequences;
use self::ownership::LEFT_OUT;
use crate::app::App;
use crate::beats::{Beat, Beats};
use crate::beside::Told;
use crate::error::Error;
use crate::feed::Request;
use crate::inputs::{Input, Inputs};
use crate::lease::Owner;
use crate::lookup::{Lookups, Misses};
use crate::readiness::Readiness;
use crate::recent::Recent;
use crate::seal::Work;
use crate::settings::Shards as Limits;
use crate::shard::Shard;
use crate::{leaderboard, market_entry};

/// A battle whose assets are not final so long after its end is ended without them.
const FINALISE_AFTER_MS: i64 = 60_000;
/// So far apart commits begin: under load every commit takes its share of the machine, however little
/// it writes. A shard that was idle does not wait.
const APART: Duration = Duration::from_millis(7);
/// The pause before the market is opened again.
const RETRY_DELAY: Duration = Duration::from_millis(200);

/// What happens next.
enum Turn {
    Shutdown,
    Told(Told),
    Beat(Beat),
    Input(Input),
    Request(Box<Request>),
    /// A commit has gathered long enough.
    Gathered,
}

/// Work of which one is under way at a time, and whether another is wanted behind it.
#[derive(Clone, Copy, Debug, Default)]
struct Single {
    under_way: bool,
    again: bool,
}

/// The shards of this process and everything that drives them.
pub(crate) struct Arena {
    app: App,
    limits: Limits,
    owner: Owner,
    shards: BTreeMap<ShardNumber, Shard>,
    /// Taken, and not in `shards` yet: they are being loaded, or read the market's backlog.
    taking: BTreeMap<ShardNumber, Lease>,
    /// How many groups of shards are being taken over.
    takeovers: usize,
    /// The one shard that is being given up to another arena.
    leaving: Option<Lease>,
    /// How many shards each live arena may have.
    share: usize,
    /// Shards that cannot go on, and until when nobody here tries again.
    left_out: BTreeMap<ShardNumber, Instant>,
    keeping: Single,
    /// None before the market is opened.
    inputs: Option<Inputs>,
    recent: Recent,
    requests: UnboundedReceiver<Box<Request>>,
    /// Where the shards' feeds put them.
    feeds: UnboundedSender<Box<Request>>,
    told: UnboundedReceiver<Told>,
    /// What follows from the group commit that is on its way; none if none is.
    commit: Option<BTreeMap<ShardNumber, Consequences>>,
    /// How much that commit writes and answers.
    in_flight: usize,
    /// When the next commit may begin.
    commit_at: Instant,
    polling: Single,
    lookups: Lookups,
    /// The shards whose commands' battles are being looked for.
    looking: BTreeMap<ShardNumber, Lease>,
    misses: Misses,
    /// Battles that were sealed while the database was being asked: its answer may be older.
    forgotten: BTreeSet<BattleId>,
    beats: Beats,
    sealer: Sender<Work>,
    sealing: BTreeSet<BattleId>,
    /// For battles that are late for their last prices: the tail of MARKET when each was found so.
    backlogs: BTreeMap<BattleId, u64>,
    asking_for_tail: bool,
    readiness: Readiness,
}

impl Arena {
    /// An arena without shards yet.
    pub(crate) fn new(
        app: App,
        limits: Limits,
        leaderboard_every: Duration,
        sealer: Sender<Work>,
        told: UnboundedReceiver<Told>,
        readiness: Readiness,
    ) -> Self {
        let owner = Owner::new(limits.lease_ms.duration());
        let beats = Beats::new(owner.beat(), limits.poll_ms.duration(), leaderboard_every);
        let lookups = Lookups::new(app.db.clone());
        let (feeds, requests) = unbounded_channel();
        Self {
            app,
            limits,
            owner,
            shards: BTreeMap::new(),
            taking: BTreeMap::new(),
            takeovers: 0,
            leaving: None,
            share: 0,
            left_out: BTreeMap::new(),
            keeping: Single::default(),
            inputs: None,
            recent: Recent::default(),
            requests,
            feeds,
            told,
            commit: None,
            in_flight: 0,
            commit_at: Instant::now(),
            polling: Single::default(),
            lookups,
            looking: BTreeMap::new(),
            misses: Misses::default(),
            forgotten: BTreeSet::new(),
            beats,
            sealer,
            sealing: BTreeSet::new(),
            backlogs: BTreeMap::new(),
            asking_for_tail: false,
            readiness,
        }
    }

    /// Runs until `shutdown`, then writes what is left and gives the shards up.
    pub(crate) async fn run(mut self, shutdown: &CancellationToken) -> Result<(), Error> {
        // Shown from the beginning: what is not there cannot rise.
        counter!(LEFT_OUT).increment(0);
        if let Some(opened) = shutdown.run_until_cancelled(self.open_market()).await {
            opened?;
        }
        loop {
            self.send_free_replies();
            self.begin_commit();
            match self.turn(shutdown).await? {
                Turn::Shutdown => {
                    self.hand_over().await;
                    return Ok(());
                }
                Turn::Told(told) => self.told(told)?,
                Turn::Beat(beat) => self.beat(beat)?,
                Turn::Input(Input::Market(entry)) => self.market(&entry)?,
                Turn::Input(Input::Hint) => self.look_for_battles(),
                Turn::Request(request) => self.request(request)?,
                Turn::Gathered => {}
            }
        }
    }

    /// Opens the market. Nothing is taken before it is there.
    async fn open_market(&mut self) -> Result<(), Error> {
        loop {
            match Inputs::open(&self.app.bus).await {
                Ok(inputs) => {
                    info!(market = inputs.sequence(), "reading");
                    self.recent = Recent::behind(inputs.sequence());
                    self.inputs = Some(inputs);
                    self.readiness.waits_for("a first look at the leases");
                    return Ok(());
                }
                Err(error) if error.may_pass() => warn!(%error, "the market cannot be read yet"),
                Err(error) => return Err(error.into()),
            }
            sleep(RETRY_DELAY).await;
        }
    }

    /// What is next: what is done before what is due, prices before commands.
    async fn turn(&mut self, shutdown: &CancellationToken) -> Result<Turn, Error> {
        let pending: usize = self.shards.values().map(Shard::uncommitted).sum();
        let takes_input = self.in_flight + pending < self.limits.max_uncommitted.get();
        let gathers = self.gathers();
        let commit_at = self.commit_at;
        let Self {
            beats,
            told,
            inputs,
            requests,
            ..
        } = self;
        tokio::select! {
            biased;
            () = shutdown.cancelled() => Ok(Turn::Shutdown),
            Some(told) = told.recv() => Ok(Turn::Told(told)),
            beat = beats.next() => Ok(Turn::Beat(beat)),
            input = next_input(inputs), if takes_input => Ok(Turn::Input(input?)),
            Some(request) = requests.recv(), if takes_input => Ok(Turn::Request(request)),
            () = sleep_until(commit_at), if gathers => Ok(Turn::Gathered),
        }
    }

    fn told(&mut self, told: Told) -> Result<(), Error> {
        match told {
            Told::Settled(settled) => self.settled(settled),
            Told::Kept(Some(kept)) => self.kept(kept),
            Told::Kept(None) => self.keeping = Single::default(),
            Told::TakenOver(taken) => return self.taken_over(taken),
            Told::GivenUp => self.given_up(),
            Told::Polled(polled) => return self.polled(polled),
            Told::LookedUp(found) => return self.looked_up(found),
            Told::Backlog { battles, tail } => self.found_late(battles, tail),
            Told::Sealed(battle) => self.sealed(battle),
        }
        Ok(())
    }

    fn market(&mut self, entry: &Entry) -> Result<(), Error> {
        counter!("arena_market_entries_total").increment(1);
        let Some(said) = market_entry::read_or_skip(entry) else {
            return Ok(());
        };
        for shard in self.shards.values_mut().filter(|shard| shard.is_open()) {
            shard.market(entry.sequence, &said)?;
        }
        self.recent.push(entry.sequence, said);
        Ok(())
    }

    fn beat(&mut self, beat: Beat) -> Result<(), Error> {
        match beat {
            Beat::Leases => self.look_after_leases(),
            Beat::Poll => self.look_for_battles(),
            Beat::Watch => self.watch()?,
            Beat::Leaderboard => self.show_leaderboards(),
        }
        Ok(())
    }

    fn show_leaderboards(&self) {
        let shards = self.shards.values();
        for shard in shards.filter(|shard| !shard.running().is_empty()) {
            let now = self
                .app
                .exchange_now(shard.engine().market_state().ahead_ns);
            leaderboard::show(&self.app.bus, shard, now);
        }
    }
}

impl Single {
    /// Whether it may begin now; if not, it is wanted again.
    fn begin(&mut self) -> bool {
        if self.under_way {
            self.again = true;
            return false;
        }
        self.under_way = true;
        true
    }

    /// It is over; whether it is wanted again.
    fn end(&mut self) -> bool {
        self.under_way = false;
        std::mem::take(&mut self.again)
    }
}

async fn next_input(inputs: &mut Option<Inputs>) -> Result<Input, bus::BusError> {
    match inputs {
        Some(inputs) => inputs.next().await,
        None => pending().await,
    }
}
