//! Which battles the shards follow: opened, called off, ended without prices, sealed.

use contracts::Stream;
use contracts::shard::Shard as ShardNumber;
use domain::id::BattleId;
use domain::order::Command;
use store::arena;
use tokio::time::sleep;
use tracing::{info, warn};

use super::{Arena, FINALISE_AFTER_MS, RETRY_DELAY, tolerate};
use crate::app::App;
use crate::error::Error;
use crate::load::{self, Found};
use crate::shard::Shard;

impl Arena {
    /// Asks the database for what nobody may have told of: battles to follow, to call off and to
    /// seal. Waits for the market's backlog, behind which all of it belongs.
    pub(super) async fn look_for_battles(&mut self) -> Result<(), Error> {
        if self
            .inputs
            .as_ref()
            .is_none_or(|inputs| !inputs.is_caught_up())
        {
            return Ok(());
        }
        match self.try_look_for_battles().await {
            Ok(()) => Ok(()),
            Err(error) => tolerate(error, "the database was not asked for battles"),
        }
    }

    async fn try_look_for_battles(&mut self) -> Result<(), Error> {
        let db = &self.app.db;
        let shards = &self.shards.keys().copied().collect::<Vec<_>>();
        for battle in arena::list_unopened(db, shards).await? {
            if let Some(shard) = self.shards.get_mut(&ShardNumber::of(battle)) {
                load::battle(db, shard, battle).await?;
            }
        }
        for battle in arena::list_called_off(db, shards).await? {
            if let Some(shard) = self.shards.get_mut(&ShardNumber::of(battle)) {
                let called_off = shard.call_off(battle)?;
                info!(%battle, called_off, "a battle is to be called off");
            }
        }
        for battle in arena::list_unsealed(db, shards).await? {
            self.seal(battle);
        }
        Ok(())
    }

    /// Makes quiet shards write their checkpoints, and ends battles that wait too long for their
    /// last prices, behind everything that MARKET held when they were found late.
    pub(super) async fn watch(&mut self) -> Result<(), Error> {
        for shard in self.shards.values_mut() {
            shard.mark_if_quiet(self.limits.checkpoint_ms.duration());
        }
        let late = self.list_late();
        if late.is_empty() {
            self.backlog = None;
            return Ok(());
        }
        let Some(tail) = self.backlog else {
            self.backlog = self
                .app
                .bus
                .bounds(Stream::Market)
                .await
                .ok()
                .map(|market| market.last);
            return Ok(());
        };
        for (number, battle) in late {
            if let Some(shard) = self.shards.get_mut(&number)
                && shard.market_place().sequence >= tail
            {
                warn!(%battle, "a battle is ended without the last prices of all its assets");
                shard.finalise(battle)?;
            }
        }
        Ok(())
    }

    fn list_late(&self) -> Vec<(ShardNumber, BattleId)> {
        let busy = self
            .shards
            .iter()
            .filter(|(_, shard)| !shard.running().is_empty());
        let late = busy.flat_map(|(number, shard)| {
            let now = self
                .app
                .exchange_now(shard.engine().market_state().ahead_ns);
            let late = shard.over_since(now.plus_ms(-FINALISE_AFTER_MS));
            late.into_iter().map(|battle| (*number, battle))
        });
        late.collect()
    }

    /// Hands an ended battle to the sealer, once.
    pub(super) fn seal(&mut self, battle: BattleId) {
        let shard = self.shards.get(&ShardNumber::of(battle));
        if let Some(lease) = shard.map(|shard| shard.lease)
            && self.sealing.insert(battle)
            && self.sealer.send((lease, battle)).is_err()
        {
            warn!(%battle, "the sealer has stopped");
        }
    }

    /// The sealer is done with a battle. If it failed, the next poll finds it again.
    pub(super) fn sealed(&mut self, battle: BattleId) {
        self.sealing.remove(&battle);
        if let Some(shard) = self.shards.get_mut(&ShardNumber::of(battle)) {
            shard.forget(battle);
        }
    }
}

/// Decides a command. Looks for its battle first where the shard does not know it.
pub(super) async fn decide(
    app: &App,
    shard: &mut Shard,
    command: &Command,
    answer_to: Option<String>,
) -> Result<(), Error> {
    let found = if shard.knows(command.battle) {
        Found::Running
    } else {
        look_for_battle(app, shard, command.battle).await?
    };
    shard.command(command, answer_to)?;
    if found == Found::Ended {
        shard.forget(command.battle);
    }
    Ok(())
}

/// Asks until the database answers: while it does not, nobody hears that there is no such match.
async fn look_for_battle(app: &App, shard: &mut Shard, battle: BattleId) -> Result<Found, Error> {
    loop {
        match load::battle(&app.db, shard, battle).await {
            Ok(found) => return Ok(found),
            Err(error) => tolerate(error, "a command waits for the database")?,
        }
        sleep(RETRY_DELAY).await;
    }
}
