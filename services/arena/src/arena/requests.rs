//! What players ask: decided in the order of the stream, shard by shard. Where a command's battle
//! is not known, it and all that came to its shard behind it wait until the battle is looked up.

use std::sync::Arc;

use contracts::shard::Shard as ShardNumber;
use domain::battle::BattleTerms;
use metrics::counter;
use tracing::{error, info};

use super::Arena;
use crate::beside::Told;
use crate::error::Error;
use crate::feed::{Request, Said};
use crate::lookup::{LookedUp, Misses, Unknown};
use crate::refused;
use crate::shard::Shard;

/// What came of trying to decide a request.
enum Tried {
    Decided,
    /// Its battle has to be looked for first.
    Unknown(Box<Request>),
    /// Nothing more comes on the feed.
    Broken(Error),
}

impl Arena {
    /// Takes in what came on a shard's feed.
    pub(super) fn request(&mut self, request: Box<Request>) -> Result<(), Error> {
        counter!("arena_requests_total").increment(1);
        let lease = request.lease;
        let shard = self.shards.get_mut(&lease.shard);
        let Some(shard) = shard.filter(|shard| shard.lease == lease && shard.is_open()) else {
            return Ok(());
        };
        shard.waiting.push_back(request);
        if self.looking.contains_key(&lease.shard) {
            return Ok(());
        }
        self.decide_waiting(lease.shard, None)
    }

    /// The battles of some commands were looked up.
    pub(super) fn looked_up(&mut self, found: LookedUp) -> Result<(), Error> {
        let lease = found.lease;
        if self.looking.get(&lease.shard) != Some(&lease) {
            return Ok(());
        }
        self.looking.remove(&lease.shard);
        for battle in &found.missing {
            self.misses.insert(*battle);
        }
        for terms in &found.live {
            self.open(lease.shard, terms.clone())?;
        }
        self.answer_is_in();
        self.decide_waiting(lease.shard, Some(&found))
    }

    /// Begins to follow a battle, unless it was followed to its end while the database was asked.
    pub(super) fn open(&mut self, number: ShardNumber, terms: BattleTerms) -> Result<(), Error> {
        let battle = terms.battle;
        let shard = self.shards.get_mut(&number);
        let Some(shard) = shard.filter(|shard| shard.is_open() && !shard.knows(battle)) else {
            return Ok(());
        };
        if self.forgotten.contains(&battle) {
            return Ok(());
        }
        match shard.open(terms)? {
            Ok(()) => info!(%battle, shard = %number, "a battle is followed"),
            Err(refusal) => {
                error!(%battle, %refusal, "a battle cannot be played: cancel it");
                self.misses.insert(battle);
            }
        }
        Ok(())
    }

    /// Decides what waits, up to the first command whose battle nobody knows.
    fn decide_waiting(
        &mut self,
        number: ShardNumber,
        found: Option<&LookedUp>,
    ) -> Result<(), Error> {
        while let Some(shard) = self.shards.get_mut(&number)
            && let Some(request) = shard.waiting.pop_front()
        {
            match decide(shard, &self.misses, found, request)? {
                Tried::Decided => {}
                Tried::Unknown(request) => {
                    shard.waiting.push_front(request);
                    self.look_up(number);
                    return Ok(());
                }
                Tried::Broken(cause) => {
                    let lease = shard.lease;
                    self.leave_out(lease, &cause);
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    /// Looks, beside the loop, for the battles of all commands of a shard that wait.
    fn look_up(&mut self, number: ShardNumber) {
        let Some(shard) = self.shards.get(&number) else {
            return;
        };
        let unknown = shard
            .waiting
            .iter()
            .filter_map(|request| match &request.said {
                Said::Command { command, .. } if !shard.knows(command.battle) => {
                    Some((request.sequence, command.clone()))
                }
                Said::Command { .. }
                | Said::Unreadable { .. }
                | Said::Silence
                | Said::Broken(_) => None,
            });
        let (lease, unknown) = (shard.lease, unknown.collect::<Vec<Unknown>>());
        counter!("arena_lookups_total").increment(unknown.len() as u64);
        self.looking.insert(number, lease);
        let looking = self.lookups.clone().look_up(lease, unknown);
        let looking = async { Told::LookedUp(looking.await) };
        self.app.beside.run_until_shutdown("lookup", looking);
    }
}

fn decide(
    shard: &mut Shard,
    misses: &Misses,
    found: Option<&LookedUp>,
    request: Box<Request>,
) -> Result<Tried, Error> {
    let sequence = request.sequence;
    match &request.said {
        Said::Broken(cause) => return Ok(Tried::Broken(Error::Checkpoint(Arc::clone(cause)))),
        Said::Command { command, entry } => {
            let outcome = found.and_then(|found| found.outcomes.get(&sequence));
            let unreadable = found.and_then(|found| found.unreadable.get(&sequence));
            if shard.knows(command.battle) {
                shard.command(command, entry.answer_to.clone())?;
            } else if let Some(outcome) = outcome {
                shard.answer(entry.answer_to.clone(), *outcome);
            } else if let Some(cause) = unreadable {
                shard.park(refused::letter(entry, cause));
            } else if misses.contains(command.battle) {
                shard.command(command, entry.answer_to.clone())?;
            } else {
                return Ok(Tried::Unknown(request));
            }
        }
        Said::Unreadable { cause, entry } => {
            shard.park(refused::letter(entry, &cause.to_string()));
        }
        Said::Silence => {}
    }
    shard.advance_to(sequence);
    Ok(Tried::Decided)
}
