//! What a shard's engine did and the database does not know yet.

use std::collections::BTreeSet;

use contracts::arena::{BattleChange, BattleEvent, PositionEvent};
use contracts::commands::Answer;
use contracts::positions::{self, FirstRow, Taken};
use domain::battle::{LogEntry, PositionKey};
use domain::engine::{Effects, Engine, Fact, PositionChange};
use domain::id::{BattleId, PositionId, UserId};
use domain::order::{Command, Outcome};
use domain::position::PositionState;
use store::arena::{Batch, Checkpoint, Lease};
use store::dead_letter::DeadLetter;
use store::outbox::Row;

/// Messages of a battle are announced by one commit after another: the order of insertion is
/// theirs.
const ANNOUNCEMENT_VERSION: i64 = 0;

/// What came of a command, and who waits for it.
#[derive(Debug)]
pub(crate) struct Reply {
    to: String,
    outcome: Outcome,
    /// The position, where it gets its first row now.
    state: Option<PositionState>,
}

impl Reply {
    /// Where it goes, and what it says once all is true, since this moment if that is known.
    pub(crate) fn answer(self, at_ms: Option<i64>) -> (String, Answer<Taken>) {
        let first = self.state.zip(at_ms);
        let first = first.map(|(state, at_ms)| Box::new(FirstRow { state, at_ms }));
        (self.to, positions::answer(self.outcome, first))
    }
}

/// What a shard's engine did since its last batch.
#[derive(Debug, Default)]
pub(crate) struct Pending {
    /// Battles that have no row yet.
    opened: BTreeSet<BattleId>,
    battles: BTreeSet<BattleId>,
    participants: BTreeSet<(BattleId, UserId)>,
    /// Positions that have no row yet.
    ordered: BTreeSet<PositionKey>,
    positions: BTreeSet<PositionKey>,
    log: Vec<(BattleId, LogEntry)>,
    outcomes: Vec<(domain::battle::OutcomeState, PositionId)>,
    announcements: Vec<Row>,
    dead_letters: Vec<DeadLetter>,
    /// Sent once everything above is true.
    pub(crate) replies: Vec<Reply>,
}

impl Pending {
    /// Whether there is something to write.
    pub(crate) fn has_effects(&self) -> bool {
        self.effects() > 0
    }

    /// How much there is to write.
    pub(crate) fn effects(&self) -> usize {
        let rows = self.battles.len() + self.participants.len() + self.positions.len();
        let news = self.log.len() + self.outcomes.len() + self.announcements.len();
        rows + news + self.dead_letters.len()
    }

    /// Takes in what one call of the engine did; `command` is what it was asked, if it was.
    pub(crate) fn absorb(
        &mut self,
        engine: &Engine,
        effects: Effects,
        command: Option<&Command>,
    ) -> store::Result<()> {
        let Effects {
            facts,
            log,
            outcomes,
            touched,
        } = effects;
        self.battles.extend(touched.battles);
        self.participants.extend(touched.participants);
        self.positions.extend(touched.positions);
        self.log.extend(log);
        let position = command.map(|command| command.body.position());
        self.outcomes.extend(outcomes.into_iter().zip(position));
        for fact in &facts {
            match fact {
                Fact::BattleOpened { battle } => {
                    self.opened.insert(*battle);
                }
                Fact::Position {
                    battle,
                    position,
                    change: PositionChange::Accepted,
                    ..
                } => {
                    let (battle, position) = (*battle, *position);
                    self.ordered.insert(PositionKey { battle, position });
                }
                Fact::Position { .. } | Fact::BattleFinal { .. } | Fact::BattleCanceled { .. } => {}
            }
            self.announcements.extend(announcement(engine, fact)?);
        }
        Ok(())
    }

    /// Notes who waits for what came of a command.
    pub(crate) fn reply(&mut self, to: Option<String>, outcome: Outcome) {
        self.replies.extend(to.map(|to| Reply {
            to,
            outcome,
            state: None,
        }));
    }

    /// Parks a request.
    pub(crate) fn park(&mut self, letter: DeadLetter) {
        self.dead_letters.push(letter);
    }

    /// Everything as one batch, the latest of each touched row; nothing is pending any more.
    pub(crate) fn take_batch(
        &mut self,
        engine: &Engine,
        lease: Lease,
        commits: i64,
        checkpoint: Checkpoint,
    ) -> (Batch, Vec<Reply>) {
        let Self {
            opened,
            battles,
            participants,
            ordered,
            positions,
            log,
            outcomes,
            announcements,
            dead_letters,
            mut replies,
        } = std::mem::take(self);
        let participants = participants.iter();
        let position = |key: &PositionKey| engine.position(key.battle, key.position);
        let batch = Batch {
            lease,
            commits,
            checkpoint,
            opened: opened.iter().filter_map(|id| engine.battle(*id)).collect(),
            battles: battles
                .difference(&opened)
                .filter_map(|id| engine.progress(*id))
                .collect(),
            participants: participants
                .filter_map(|(battle, player)| engine.participant(*battle, *player))
                .collect(),
            ordered: ordered.iter().filter_map(position).collect(),
            positions: positions
                .difference(&ordered)
                .filter_map(position)
                .collect(),
            outcomes,
            log,
            announcements,
            dead_letters,
        };
        for reply in &mut replies {
            if let Outcome::Accepted { position } = reply.outcome {
                let mut new = batch.ordered.iter();
                reply.state = new.find(|state| state.id == position).cloned();
            }
        }
        (batch, replies)
    }
}

/// What is told about a fact right after the call that made it. The end of a battle is told when
/// its record is sealed.
fn announcement(engine: &Engine, fact: &Fact) -> store::Result<Option<Row>> {
    let id = runtime::ids::mint();
    match fact {
        Fact::Position {
            battle,
            player,
            position,
            change,
        } => {
            let Some(position) = engine.position(*battle, *position) else {
                return Ok(None);
            };
            let (battle, player, change) = (*battle, *player, *change);
            let event = PositionEvent {
                battle,
                player,
                change,
                position,
            };
            Row::of(id, battle.uuid(), ANNOUNCEMENT_VERSION, &event).map(Some)
        }
        Fact::BattleOpened { battle } => {
            let Some(state) = engine.battle(*battle) else {
                return Ok(None);
            };
            let (battle, game) = (*battle, state.terms.game);
            let event = BattleEvent {
                battle,
                game,
                change: BattleChange::Opened,
            };
            Row::of(id, battle.uuid(), ANNOUNCEMENT_VERSION, &event).map(Some)
        }
        Fact::BattleFinal { .. } | Fact::BattleCanceled { .. } => Ok(None),
    }
}
