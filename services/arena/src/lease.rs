//! Which shards are ours: taken when nobody has them, renewed, given up.
//!
//! Every arena says by a heartbeat that it lives, on Postgres's clock, and so all of them see the
//! same number of live ones. Each may have the 64th part per head, rounded up: whoever has more
//! gives the surplus up, whoever has less takes what is free. Nothing moves to and fro: a shard is
//! given up only above that share and taken only below it, the shares add up to at least all
//! shards, and the number changes only when an arena comes, goes or is silent for a whole lease.

use std::sync::Arc;
use std::time::Duration;

use contracts::shard::Shard;
use store::arena::{self, Lease, ShardRow};
use store::{Db, Result};
use tokio::time::timeout;
use tracing::warn;
use uuid::Uuid;

/// How often leases are looked after. A shard that was given up waits so long at most until
/// somebody takes it.
const BEAT: Duration = Duration::from_millis(250);
/// A lease is renewed at least so often before it lapses.
const BEATS_PER_LEASE: u32 = 4;

/// This process, as the owner of shards. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Owner {
    name: Arc<str>,
    ttl: Duration,
}

/// What came of looking after the leases.
#[derive(Debug)]
pub(crate) struct Kept {
    /// How many shards each live arena may have.
    pub(crate) share: usize,
    /// These are not ours any more.
    pub(crate) lost: Vec<Lease>,
    /// These are ours now.
    pub(crate) taken: Vec<ShardRow>,
}

impl Owner {
    /// An owner that no other process is.
    pub(crate) fn new(ttl: Duration) -> Self {
        Self {
            name: runtime::ids::mint::<Uuid>().to_string().into(),
            ttl,
        }
    }

    /// How often leases must be looked after.
    pub(crate) fn beat(&self) -> Duration {
        BEAT.min(self.ttl / BEATS_PER_LEASE)
    }

    /// Says that we live, renews what is ours, and takes what nobody has, `except` these, up to
    /// our share and at most `limit`. None if the database did not do it within a lease's time:
    /// some of it may be done.
    pub(crate) async fn keep(
        self,
        db: Db,
        leases: Vec<Lease>,
        limit: usize,
        except: Vec<Shard>,
    ) -> Option<Kept> {
        match timeout(self.ttl, self.try_keep(&db, leases, limit, &except)).await {
            Ok(Ok(kept)) => Some(kept),
            Ok(Err(error)) => {
                warn!(%error, "the leases were not looked after");
                None
            }
            Err(_elapsed) => {
                warn!("the leases were not looked after in time");
                None
            }
        }
    }

    async fn try_keep(
        &self,
        db: &Db,
        leases: Vec<Lease>,
        limit: usize,
        except: &[Shard],
    ) -> Result<Kept> {
        let live = arena::beat(db, &self.name, self.ttl).await?;
        let share = share(live);
        let kept = if leases.is_empty() {
            Vec::new()
        } else {
            arena::renew(db, &self.name, &leases, self.ttl).await?
        };
        let room = share.saturating_sub(kept.len()).min(limit);
        let room = u8::try_from(room).unwrap_or(Shard::COUNT);
        let taken = if room == 0 {
            Vec::new()
        } else {
            arena::take(db, &self.name, self.ttl, room, except).await?
        };
        let lost = leases
            .into_iter()
            .filter(|lease| !kept.contains(&lease.shard))
            .collect();
        Ok(Kept { share, lost, taken })
    }

    /// Gives shards up. Best effort: leases lapse by themselves.
    pub(crate) async fn release(&self, db: &Db, leases: &[Lease]) {
        match timeout(self.ttl, arena::release(db, leases)).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => warn!(%error, "shards were not given up; their leases will lapse"),
            Err(_elapsed) => warn!("shards were not given up in time; their leases will lapse"),
        }
    }

    /// Says that we are going, so that the others' shares grow. Best effort, as above.
    pub(crate) async fn leave(&self, db: &Db) {
        match timeout(self.ttl, arena::leave(db, &self.name)).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => warn!(%error, "the others were not told that this arena goes"),
            Err(_elapsed) => warn!("the others were not told in time that this arena goes"),
        }
    }
}

/// How many shards each of so many arenas may have.
fn share(live: i64) -> usize {
    let live = usize::try_from(live).unwrap_or(1).max(1);
    usize::from(Shard::COUNT).div_ceil(live)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shares_of_all_arenas_hold_every_shard_and_none_is_without() {
        for live in 1..=64 {
            let all = share(live) * usize::try_from(live).unwrap();
            assert!(all >= 64, "{live}");
            assert!(share(live) >= 1);
        }
        assert_eq!([1, 2, 3, 64, 100].map(share), [64, 32, 22, 1, 1]);
    }
}
