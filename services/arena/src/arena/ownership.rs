//! Which shards are in memory: taken, read for, dropped, handed over.

use std::collections::BTreeSet;
use std::time::Duration;

use contracts::shard::Shard as ShardNumber;
use metrics::gauge;
use store::arena::Lease;
use tracing::{info, warn};

use super::{Arena, tolerate};
use crate::error::Error;
use crate::inputs::Inputs;
use crate::load;
use crate::shard::Shard;

impl Arena {
    /// Renews what is ours and takes what nobody has.
    pub(super) async fn look_after_leases(&mut self) -> Result<(), Error> {
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
                self.look_for_battles().await
            }
            Err(error) => tolerate(error.into(), "the streams cannot be read"),
        }
    }

    /// Drops what these shards have in memory: it did not happen. Whoever owns them reads on from
    /// the rows; where that is still us, we take them anew.
    pub(super) async fn drop_shards(&mut self, lost: &BTreeSet<ShardNumber>) {
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
    pub(super) async fn hand_over(mut self) -> Result<(), Error> {
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
}
