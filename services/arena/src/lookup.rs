//! Looking, beside the loop, for the battles of commands that their shard does not know.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use domain::battle::BattleTerms;
use domain::id::BattleId;
use domain::order::{Command, Outcome, Refusal};
use store::arena::{self, Lease, Standing};
use store::entity::arena_battle::ArenaStatus;
use store::entity::battle::BattleStatus;
use store::{Db, battle};
use tokio::sync::Semaphore;
use tokio::time::{Instant, sleep};
use tracing::{error, warn};

use crate::error::may_pass;

/// How many shards ask the database at once.
const AT_ONCE: usize = 2;
/// The pause before the database is asked again.
const RETRY_DELAY: Duration = Duration::from_millis(200);
/// So long it is remembered that there is no such battle: less than the time between a battle's
/// opening and its first order.
const MISS_KEPT_FOR: Duration = Duration::from_millis(250);
/// So many battles that do not exist are remembered.
const MISSES: usize = 1_024;

/// A command whose battle its shard does not know, and its sequence in POSITIONS.
pub(crate) type Unknown = (u64, Command);

/// What was found.
#[derive(Debug)]
pub(crate) struct LookedUp {
    /// Whose commands.
    pub(crate) lease: Lease,
    /// Battles that run: these commands are for the engine to decide.
    pub(crate) live: Vec<BattleTerms>,
    /// The outcomes of all other commands, by sequence.
    pub(crate) outcomes: BTreeMap<u64, Outcome>,
    /// Commands that cannot be decided, because a row cannot be read: by sequence, with the cause.
    pub(crate) unreadable: BTreeMap<u64, String>,
    /// Battles that do not exist, or do not run yet.
    pub(crate) missing: BTreeSet<BattleId>,
}

/// The desk where lookups queue up.
#[derive(Clone, Debug)]
pub(crate) struct Lookups {
    db: Db,
    turns: Arc<Semaphore>,
}

impl Lookups {
    /// Looks into `db`.
    pub(crate) fn new(db: Db) -> Self {
        Self {
            db,
            turns: Arc::new(Semaphore::new(AT_ONCE)),
        }
    }

    /// Looks for the battles of these commands until the database has answered: while it does not,
    /// nobody hears that there is no such match.
    pub(crate) async fn look_up(self, lease: Lease, unknown: Vec<Unknown>) -> LookedUp {
        let _turn = self.turns.acquire().await;
        loop {
            match self.try_look_up(lease, &unknown).await {
                Ok(found) => return found,
                Err(error) => warn!(%error, "a command waits for the database"),
            }
            sleep(RETRY_DELAY).await;
        }
    }

    /// Fails where asking again may help.
    async fn try_look_up(&self, lease: Lease, unknown: &[Unknown]) -> store::Result<LookedUp> {
        let mut found = LookedUp {
            lease,
            live: Vec::new(),
            outcomes: BTreeMap::new(),
            unreadable: BTreeMap::new(),
            missing: BTreeSet::new(),
        };
        let mut battles: BTreeMap<BattleId, Vec<&Unknown>> = BTreeMap::new();
        for unknown in unknown {
            battles.entry(unknown.1.battle).or_default().push(unknown);
        }
        let ids: Vec<BattleId> = battles.keys().copied().collect();
        let mut standings: BTreeMap<BattleId, Standing> = BTreeMap::new();
        for standing in arena::list_standings(&self.db, &ids).await? {
            standings.insert(standing.battle.into(), standing);
        }
        for (battle, commands) in battles {
            let standing = standings.get(&battle);
            match self.judge(&mut found, battle, standing, &commands).await {
                Ok(()) => {}
                Err(error) if may_pass(&error) => return Err(error),
                Err(cause) => {
                    let sequences = commands.iter().map(|(sequence, _)| *sequence);
                    let causes = sequences.map(|sequence| (sequence, cause.to_string()));
                    found.unreadable.extend(causes);
                }
            }
        }
        Ok(found)
    }

    async fn judge(
        &self,
        found: &mut LookedUp,
        battle: BattleId,
        standing: Option<&Standing>,
        commands: &[&Unknown],
    ) -> store::Result<()> {
        match standing.map(|standing| (standing.status, standing.arena)) {
            Some((_, Some(ArenaStatus::Final | ArenaStatus::Canceled | ArenaStatus::Lost))) => {
                for (sequence, command) in commands {
                    let outcome = self.outcome_of_ended(command).await?;
                    found.outcomes.insert(*sequence, outcome);
                }
            }
            Some((BattleStatus::Open | BattleStatus::Settling, None)) => {
                found
                    .live
                    .extend(battle::find_terms(&self.db, battle).await?);
            }
            Some((_, Some(ArenaStatus::Open))) => {
                error!(%battle, "a battle of this shard was opened without its owner");
                miss(found, battle, commands);
            }
            Some((BattleStatus::Waiting | BattleStatus::Closed | BattleStatus::Canceled, None))
            | None => miss(found, battle, commands),
        }
        Ok(())
    }

    /// What the engine would answer if it still had the battle.
    async fn outcome_of_ended(&self, command: &Command) -> store::Result<Outcome> {
        let Command {
            battle,
            player,
            request,
            body_hash,
            ..
        } = command;
        if !arena::is_participant(&self.db, *battle, *player).await? {
            return Ok(Outcome::Refused(Refusal::NotAParticipant));
        }
        let kept = arena::find_kept(&self.db, *battle, *player, *request).await?;
        Ok(match kept {
            Some(kept) if kept.body_hash == *body_hash => kept.outcome,
            Some(_) => Outcome::Refused(Refusal::IdempotencyConflict),
            None => Outcome::Refused(Refusal::MatchNotOpen),
        })
    }
}

fn miss(found: &mut LookedUp, battle: BattleId, commands: &[&Unknown]) {
    let refused = Outcome::Refused(Refusal::MatchNotFound);
    let outcomes = commands.iter().map(|(sequence, _)| (*sequence, refused));
    found.outcomes.extend(outcomes);
    found.missing.insert(battle);
}

/// Battles that were looked for a moment ago and do not exist.
#[derive(Debug, Default)]
pub(crate) struct Misses(BTreeMap<BattleId, Instant>);

impl Misses {
    /// Remembers that there is no such battle, if there is room.
    pub(crate) fn insert(&mut self, battle: BattleId) {
        if self.0.len() >= MISSES {
            self.0.retain(|_, at| at.elapsed() < MISS_KEPT_FOR);
        }
        if self.0.len() < MISSES {
            self.0.insert(battle, Instant::now());
        }
    }

    /// Whether the battle did not exist a moment ago.
    pub(crate) fn contains(&self, battle: BattleId) -> bool {
        let at = self.0.get(&battle);
        at.is_some_and(|at| at.elapsed() < MISS_KEPT_FOR)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_miss_is_remembered_briefly_and_never_more_than_so_many() {
        let mut misses = Misses::default();
        let ids: Vec<BattleId> = (0..=MISSES).map(|_| runtime::ids::mint()).collect();
        for id in &ids {
            misses.insert(*id);
        }
        assert!(misses.contains(ids[0]));
        assert!(!misses.contains(ids[MISSES]), "there was no room");
        tokio::time::advance(MISS_KEPT_FOR).await;
        assert!(!misses.contains(ids[0]));
        misses.insert(ids[MISSES]);
        assert!(misses.contains(ids[MISSES]));
    }
}
