//! Which shards are ours: taken when nobody has them, renewed, given up on shutdown.

use std::collections::BTreeSet;
use std::time::Duration;

use contracts::shard::Shard;
use store::arena::{self, Lease, ShardRow};
use store::{Db, Result};
use tracing::{info, warn};
use uuid::Uuid;

/// This process, as the owner of shards.
#[derive(Debug)]
pub(crate) struct Owner {
    name: String,
    ttl: Duration,
}

impl Owner {
    /// An owner that no other process is.
    pub(crate) fn new(ttl: Duration) -> Self {
        Self {
            name: runtime::ids::mint::<Uuid>().to_string(),
            ttl,
        }
    }

    /// How often leases must be looked after.
    pub(crate) fn beat(&self) -> Duration {
        self.ttl / 4
    }

    /// Takes whatever nobody has.
    pub(crate) async fn take(&self, db: &Db) -> Result<Vec<ShardRow>> {
        let taken = arena::take(db, &self.name, self.ttl, Shard::COUNT).await?;
        if !taken.is_empty() {
            info!(shards = taken.len(), "shards taken");
        }
        Ok(taken)
    }

    /// Renews; answers which shards are lost.
    pub(crate) async fn renew(&self, db: &Db, leases: &[Lease]) -> Result<BTreeSet<Shard>> {
        if leases.is_empty() {
            return Ok(BTreeSet::new());
        }
        let kept = arena::renew(db, leases, self.ttl).await?;
        let all = leases.iter().map(|lease| lease.shard);
        Ok(all.filter(|shard| !kept.contains(shard)).collect())
    }

    /// Gives shards up. Best effort: leases lapse by themselves.
    pub(crate) async fn release(&self, db: &Db, leases: &[Lease]) {
        if let Err(error) = arena::release(db, leases).await {
            warn!(%error, "shards were not given up; their leases will lapse");
        }
    }
}
