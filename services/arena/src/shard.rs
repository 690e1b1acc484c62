//! One shard: an engine, how far it has read, and what it has not written yet.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use contracts::stream::StreamPlace;
use domain::battle::{BattleRows, BattleStatus, BattleTerms, MarketState, TermsRefusal};
use domain::engine::{Effects, Engine, Fact, RestoreError};
use domain::id::BattleId;
use domain::market::MarketEntry;
use domain::order::{Command, Outcome};
use domain::timestamp::Timestamp;
use store::arena::{Batch, Checkpoint, Lease};
use store::dead_letter::DeadLetter;
use tokio::time::Instant;

use crate::feed::{Feed, Request};
use crate::pending::{Pending, Reply};

/// A shard that this process owns.
#[derive(Debug)]
pub(crate) struct Shard {
    pub(crate) lease: Lease,
    /// How many commits it has seen.
    commits: i64,
    engine: Engine,
    positions: StreamPlace,
    pending: Pending,
    /// The battles that run, with their ends.
    running: BTreeMap<BattleId, Timestamp>,
    written_at: Instant,
    /// Its checkpoint is to be written, whether or not anything else is.
    quiet: bool,
    /// What players ask of it; none before it takes commands, and once it takes none any more.
    feed: Option<Feed>,
    /// Requests that came and wait for the first of them, whose battle is being looked for: the
    /// checkpoint stays in front of them.
    pub(crate) waiting: VecDeque<Box<Request>>,
}

impl Shard {
    /// The shard that these rows were taken from.
    pub(crate) fn restore(
        lease: Lease,
        commits: i64,
        checkpoint: Checkpoint,
        battles: Vec<BattleRows>,
    ) -> Result<Self, RestoreError> {
        let running = battles.iter().map(|rows| &rows.battle);
        let running = running
            .filter(|battle| battle.status == BattleStatus::Open)
            .map(|battle| (battle.terms.battle, battle.terms.end_time))
            .collect();
        Ok(Self {
            lease,
            commits,
            engine: Engine::restore(checkpoint.market, battles)?,
            positions: checkpoint.positions,
            pending: Pending::default(),
            running,
            written_at: Instant::now(),
            quiet: false,
            feed: None,
            waiting: VecDeque::new(),
        })
    }

    /// How far it has read.
    pub(crate) fn checkpoint(&self) -> Checkpoint {
        Checkpoint {
            market: self.engine.market_state(),
            positions: self.positions,
        }
    }

    /// The last entry of MARKET that it has applied.
    pub(crate) fn market_place(&self) -> StreamPlace {
        let MarketState {
            incarnation,
            sequence,
            ..
        } = self.engine.market_state();
        StreamPlace {
            incarnation,
            sequence,
        }
    }

    /// The last entry of POSITIONS that it has applied.
    pub(crate) const fn positions(&self) -> StreamPlace {
        self.positions
    }

    /// The battles that run, with their ends.
    pub(crate) const fn running(&self) -> &BTreeMap<BattleId, Timestamp> {
        &self.running
    }

    /// The engine, to look at.
    pub(crate) const fn engine(&self) -> &Engine {
        &self.engine
    }

    /// How much it has to write and to answer.
    pub(crate) fn uncommitted(&self) -> usize {
        self.pending.effects() + self.pending.replies.len()
    }

    /// From now on it takes what comes on `feed`.
    pub(crate) fn listen(&mut self, feed: Feed) {
        self.feed = Some(feed);
    }

    /// From now on it takes nothing any more. What it has not decided is for the next owner.
    pub(crate) fn close(&mut self) {
        self.feed = None;
        self.waiting.clear();
        self.quiet = true;
    }

    /// Whether it takes commands and follows the market.
    pub(crate) const fn is_open(&self) -> bool {
        self.feed.is_some()
    }

    /// Applies an entry of MARKET. One that was applied before does nothing.
    pub(crate) fn market(&mut self, sequence: u64, entry: &MarketEntry) -> store::Result<()> {
        let mut effects = Effects::default();
        self.engine.market(sequence, entry, &mut effects);
        self.absorb(effects, None)
    }

    /// Notes that it has applied all that MARKET holds up to `sequence`.
    pub(crate) fn skip_to(&mut self, sequence: u64) {
        self.engine.skip_to(sequence);
    }

    /// Notes that every entry of POSITIONS up to `sequence` is decided, or is not its own.
    pub(crate) fn advance_to(&mut self, sequence: u64) {
        self.positions.sequence = self.positions.sequence.max(sequence);
    }

    /// Whether the engine has the battle, running or ended.
    pub(crate) fn knows(&self, battle: BattleId) -> bool {
        self.engine.knows(battle)
    }

    /// The running battles whose end is at or before `moment`.
    pub(crate) fn over_since(&self, moment: Timestamp) -> Vec<BattleId> {
        let over = self.running.iter().filter(|(_, end)| **end <= moment);
        over.map(|(battle, _)| *battle).collect()
    }

    /// Decides a command; `answer_to` hears of it after the commit.
    pub(crate) fn command(
        &mut self,
        command: &Command,
        answer_to: Option<String>,
    ) -> store::Result<()> {
        let mut effects = Effects::default();
        let answer = self.engine.command(command, &mut effects);
        self.absorb(effects, Some(command))?;
        self.pending.reply(answer_to, answer.outcome);
        Ok(())
    }

    /// Tells what came of a command that is not for the engine to decide.
    pub(crate) fn answer(&mut self, answer_to: Option<String>, outcome: Outcome) {
        self.pending.reply(answer_to, outcome);
    }

    /// Parks a request.
    pub(crate) fn park(&mut self, letter: DeadLetter) {
        self.pending.park(letter);
    }

    /// Begins to follow the market for a battle. Again does nothing.
    pub(crate) fn open(&mut self, terms: BattleTerms) -> store::Result<Result<(), TermsRefusal>> {
        let (battle, end) = (terms.battle, terms.end_time);
        let mut effects = Effects::default();
        if let Err(refusal) = self.engine.open(terms, &mut effects) {
            return Ok(Err(refusal));
        }
        if !effects.is_empty() {
            self.running.insert(battle, end);
        }
        self.absorb(effects, None).map(Ok)
    }

    /// Calls a battle off; false if it has a result already or is not here.
    pub(crate) fn call_off(&mut self, battle: BattleId) -> store::Result<bool> {
        let mut effects = Effects::default();
        let called_off = self.engine.cancel_battle(battle, &mut effects).is_ok();
        self.absorb(effects, None)?;
        Ok(called_off)
    }

    /// Ends a battle without waiting for its assets any longer.
    pub(crate) fn finalise(&mut self, battle: BattleId) -> store::Result<()> {
        let mut effects = Effects::default();
        self.engine.finalise(battle, &mut effects);
        self.absorb(effects, None)
    }

    /// Drops a battle that has ended.
    pub(crate) fn forget(&mut self, battle: BattleId) {
        self.engine.forget(battle);
    }

    /// Makes it write its checkpoint if it has written nothing for `longest`.
    pub(crate) fn mark_if_quiet(&mut self, longest: Duration) {
        self.quiet |= self.written_at.elapsed() >= longest;
    }

    /// Whether it has something to write.
    pub(crate) fn is_due(&self) -> bool {
        self.quiet || self.pending.has_effects()
    }

    /// Takes what there is to write, with the replies that wait for it.
    pub(crate) fn take_batch(&mut self) -> (Batch, Vec<Reply>) {
        let checkpoint = self.checkpoint();
        self.written_at = Instant::now();
        self.quiet = false;
        self.pending
            .take_batch(&self.engine, self.lease, self.commits, checkpoint)
    }

    /// Notes that the batch taken last is true now.
    pub(crate) fn committed(&mut self) {
        self.commits += 1;
    }

    /// Takes the replies that wait for nothing of this shard that is not written yet.
    pub(crate) fn take_free_replies(&mut self) -> Vec<Reply> {
        if self.pending.has_effects() {
            Vec::new()
        } else {
            std::mem::take(&mut self.pending.replies)
        }
    }

    fn absorb(&mut self, effects: Effects, command: Option<&Command>) -> store::Result<()> {
        if effects.is_empty() {
            return Ok(());
        }
        for fact in &effects.facts {
            match fact {
                Fact::BattleFinal { result } => self.running.remove(&result.battle),
                Fact::BattleCanceled { battle } => self.running.remove(battle),
                Fact::BattleOpened { .. } | Fact::Position { .. } => None,
            };
        }
        self.pending.absorb(&self.engine, effects, command)
    }
}
