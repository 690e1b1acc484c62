//! Which battles the shards follow: opened, called off, ended without prices, sealed.

use contracts::Stream;
use contracts::shard::Shard as ShardNumber;
use domain::id::BattleId;
use tracing::{info, warn};

use super::{Arena, FINALISE_AFTER_MS};
use crate::beside::Told;
use crate::error::Error;
use crate::inputs::Inputs;
use crate::poll::{Polled, poll};

impl Arena {
    /// Asks the database, beside the loop, for what nobody may have told of: battles to follow, to
    /// call off and to seal. However many hints come, it is asked once at a time.
    pub(super) fn look_for_battles(&mut self) {
        let open = self.shards.values().filter(|shard| shard.is_open());
        let leases: Vec<_> = open.map(|shard| shard.lease).collect();
        if !leases.is_empty() && self.polling.begin() {
            let polling = poll(self.app.db.clone(), leases);
            let polling = async { Told::Polled(polling.await) };
            self.app.beside.run_until_shutdown("battles", polling);
        }
    }

    pub(super) fn polled(&mut self, polled: Option<Polled>) -> Result<(), Error> {
        let again = self.polling.end();
        let Some(polled) = polled else {
            // The next beat asks again.
            self.answer_is_in();
            return Ok(());
        };
        // A shard that has changed hands since may know more than this answer.
        let ours = |arena: &Self, battle| {
            let shard = arena.shards.get(&ShardNumber::of(battle));
            shard.is_some_and(|shard| shard.is_open() && polled.leases.contains(&shard.lease))
        };
        for terms in polled.unopened {
            if ours(self, terms.battle) {
                self.open(ShardNumber::of(terms.battle), terms)?;
            }
        }
        for battle in polled.called_off {
            if ours(self, battle)
                && let Some(shard) = self.shards.get_mut(&ShardNumber::of(battle))
            {
                let called_off = shard.call_off(battle)?;
                info!(%battle, called_off, "a battle is to be called off");
            }
        }
        for battle in polled.unsealed {
            if ours(self, battle) {
                self.seal(battle);
            }
        }
        self.answer_is_in();
        if again || polled.more {
            self.look_for_battles();
        }
        Ok(())
    }

    /// Makes quiet shards write their checkpoints, and ends battles that wait too long for their
    /// last prices, behind everything that MARKET held when each of them was found late.
    pub(super) fn watch(&mut self) -> Result<(), Error> {
        for shard in self.shards.values_mut() {
            shard.mark_if_quiet(self.limits.checkpoint_ms.duration());
        }
        let late = self.list_late();
        self.backlogs
            .retain(|battle, _| late.iter().any(|(_, late)| late == battle));
        let read = self.inputs.as_ref().map_or(0, Inputs::sequence);
        let mut unasked = Vec::new();
        for (number, battle) in late {
            let Some(tail) = self.backlogs.get(&battle) else {
                unasked.push(battle);
                continue;
            };
            // An entry that says nothing of the market is read too, and applied by no shard.
            if read >= *tail
                && let Some(shard) = self.shards.get_mut(&number)
            {
                warn!(%battle, "a battle is ended without the last prices of all its assets");
                shard.finalise(battle)?;
            }
        }
        if !unasked.is_empty() && !self.asking_for_tail {
            self.asking_for_tail = true;
            let bus = self.app.bus.clone();
            self.app.beside.run_until_shutdown("backlog", async move {
                let tail = bus.bounds(Stream::Market).await.ok();
                let tail = tail.map(|market| market.last);
                Told::Backlog {
                    battles: unasked,
                    tail,
                }
            });
        }
        Ok(())
    }

    /// MARKET ended at `tail` when these battles had been found late.
    pub(super) fn found_late(&mut self, battles: Vec<BattleId>, tail: Option<u64>) {
        self.asking_for_tail = false;
        if let Some(tail) = tail {
            let found = battles.into_iter().map(|battle| (battle, tail));
            self.backlogs.extend(found);
        }
    }

    fn list_late(&self) -> Vec<(ShardNumber, BattleId)> {
        let busy = self
            .shards
            .iter()
            .filter(|(_, shard)| shard.is_open() && !shard.running().is_empty());
        let late = busy.flat_map(|(number, shard)| {
            let now = self
                .app
                .exchange_now(shard.engine().market_state().ahead_ns);
            let late = shard.over_since(now.plus_ms(-FINALISE_AFTER_MS));
            late.into_iter().map(|battle| (*number, battle))
        });
        late.collect()
    }

    /// Hands an ended battle to the sealer, once. Where there is no room, the next poll finds it.
    pub(super) fn seal(&mut self, battle: BattleId) {
        let shard = self.shards.get(&ShardNumber::of(battle));
        let Some(lease) = shard.map(|shard| shard.lease) else {
            return;
        };
        if !self.sealing.contains(&battle) && self.sealer.try_send((lease, battle)).is_ok() {
            self.sealing.insert(battle);
        }
    }

    /// The sealer is done with a battle. If it failed, the next poll finds it again.
    pub(super) fn sealed(&mut self, battle: BattleId) {
        self.sealing.remove(&battle);
        if let Some(shard) = self.shards.get_mut(&ShardNumber::of(battle)) {
            shard.forget(battle);
        }
        if self.polling.under_way || !self.looking.is_empty() {
            self.forgotten.insert(battle);
        }
    }

    /// The database has answered a question about battles: the next answer is newer than what was
    /// forgotten before the question.
    pub(super) fn answer_is_in(&mut self) {
        if !self.polling.under_way && self.looking.is_empty() {
            self.forgotten.clear();
        }
    }
}
