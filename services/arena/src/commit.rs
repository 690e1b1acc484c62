//! Group commit: the effects of many inputs, of several shards, in one transaction, and what came
//! of it when the connection broke in the middle.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use contracts::shard::Shard;
use futures::{StreamExt, stream};
use metrics::{counter, histogram};
use runtime::failpoint;
use store::arena::{self, Batch, Written};
use store::{Db, Error};
use tokio::time::{Instant, sleep, timeout};
use tracing::warn;

/// How long one attempt may take before its outcome counts as unknown, and how much longer for
/// each effect: a shard whose positions all end at one tick has many.
const ATTEMPT_LIMIT: Duration = Duration::from_secs(5);
const LONGER_PER_EFFECT: Duration = Duration::from_micros(500);
/// Shards that have more than this to write together are written in several transactions.
const EFFECTS_AT_ONCE: usize = 10_000;
/// How many of these at a time: the others leave connections to everything else.
const TRANSACTIONS: usize = 4;
/// The pause before another attempt.
const RETRY_DELAY: Duration = Duration::from_millis(200);
/// So often the database may refuse what it does not refuse a healthy shard: each shard's batch is
/// then tried alone, and a shard whose own is refused as often is stopped. An outage is waited for
/// without a limit.
const REFUSALS: u32 = 3;

/// What came of a group commit, shard by shard.
#[derive(Debug, Default)]
pub(crate) struct Settled {
    /// What these wrote is true, since the moment that their rows name, in milliseconds since 1970;
    /// none where that was not heard.
    pub(crate) committed: BTreeMap<Shard, Option<i64>>,
    /// These are not ours any more, or not as we think: their memory must go.
    pub(crate) lost: BTreeSet<Shard>,
    /// What these want to write is refused: their memory contradicts their rows.
    pub(crate) refused: Vec<(Shard, Error)>,
}

impl Settled {
    fn absorb(mut self, mut other: Self) -> Self {
        self.committed.append(&mut other.committed);
        self.lost.append(&mut other.lost);
        self.refused.append(&mut other.refused);
        self
    }
}

/// Writes the batches until it is known of each what came of it.
pub(crate) async fn commit(db: Db, batches: Vec<Batch>) -> Settled {
    let began = Instant::now();
    let settled = stream::iter(groups(batches))
        .map(|group| commit_together(&db, group))
        .buffer_unordered(TRANSACTIONS)
        .fold(Settled::default(), async |all, group| all.absorb(group))
        .await;
    counter!("arena_commits_total").increment(1);
    histogram!("arena_commit_seconds").record(began.elapsed());
    settled
}

/// What is written in one transaction each.
fn groups(batches: Vec<Batch>) -> Vec<Vec<Batch>> {
    let mut groups: Vec<Vec<Batch>> = Vec::new();
    let mut room = 0_usize;
    for batch in batches {
        let effects = batch.effects();
        match groups.last_mut() {
            Some(group) if effects <= room => group.push(batch),
            _ => {
                groups.push(vec![batch]);
                room = EFFECTS_AT_ONCE;
            }
        }
        room = room.saturating_sub(effects);
    }
    groups
}

async fn commit_together(db: &Db, batches: Vec<Batch>) -> Settled {
    let mut settled = Settled::default();
    if let Err(refused) = write(db, batches, &mut settled).await {
        for batch in refused.batches {
            let shard = batch.lease.shard;
            if let Err(refused) = write(db, vec![batch], &mut settled).await {
                settled.refused.push((shard, refused.cause));
            }
        }
    }
    settled
}

/// How long one attempt may take.
fn limit(batches: &[Batch]) -> Duration {
    let effects = batches.iter().map(Batch::effects).sum::<usize>();
    let effects = u32::try_from(effects).unwrap_or(u32::MAX);
    ATTEMPT_LIMIT.saturating_add(LONGER_PER_EFFECT.saturating_mul(effects))
}

/// Batches that the database refused too often.
struct Refused {
    batches: Vec<Batch>,
    cause: Error,
}

async fn write(
    db: &Db,
    mut batches: Vec<Batch>,
    settled: &mut Settled,
) -> Result<(), Box<Refused>> {
    let mut refusals = 0;
    while !batches.is_empty() {
        failpoint!("arena.before_commit");
        let attempt = timeout(limit(&batches), arena::write(db, &batches)).await;
        failpoint!("arena.after_commit");
        match attempt {
            Ok(Ok(Written::Committed(at_ms))) => {
                let shards = batches.drain(..).map(|batch| batch.lease.shard);
                settled
                    .committed
                    .extend(shards.map(|shard| (shard, Some(at_ms))));
                continue;
            }
            Ok(Ok(Written::Lost(lost))) => {
                batches.retain(|batch| !lost.contains(&batch.lease.shard));
                settled.lost.extend(lost);
                continue;
            }
            Ok(Err(cause @ Error::Unavailable(_))) => {
                warn!(%cause, "the outcome of a commit is unknown");
            }
            Ok(Err(cause)) => {
                refusals += 1;
                warn!(%cause, refusals, "a commit is refused");
                if refusals == REFUSALS {
                    return Err(Box::new(Refused { batches, cause }));
                }
            }
            Err(_elapsed) => warn!("a commit took too long"),
        }
        settle(db, &mut batches, settled).await;
    }
    Ok(())
}

/// Reads the checkpoints: a shard that has seen our commit is done, one that has not is tried
/// again, any other is lost.
async fn settle(db: &Db, batches: &mut Vec<Batch>, settled: &mut Settled) {
    let shards: Vec<Shard> = batches.iter().map(|batch| batch.lease.shard).collect();
    let mut refusals = 0;
    let rows = loop {
        sleep(RETRY_DELAY).await;
        match arena::find(db, &shards).await {
            Ok(rows) => break rows,
            Err(cause @ Error::Unavailable(_)) => {
                warn!(%cause, "the outcome of a commit is still unknown");
            }
            Err(cause) => {
                refusals += 1;
                warn!(%cause, refusals, "the outcome of a commit cannot be read");
                // Without their rows all of them are lost.
                if refusals == REFUSALS {
                    break Vec::new();
                }
            }
        }
    };
    let rows: BTreeMap<Shard, _> = rows.iter().map(|row| (row.lease.shard, row)).collect();
    batches.retain(|batch| {
        let shard = batch.lease.shard;
        let row = rows.get(&shard).filter(|row| row.lease == batch.lease);
        let commits = row.map(|row| row.commits - batch.commits);
        match commits {
            Some(0) => return true,
            Some(1) => {
                settled.committed.insert(shard, None);
            }
            Some(_) | None => {
                settled.lost.insert(shard);
            }
        }
        false
    });
}
