//! Group commit: the effects of many inputs, of several shards, in one transaction, and what came
//! of it when the connection broke in the middle.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use contracts::shard::Shard;
use metrics::{counter, histogram};
use runtime::failpoint;
use store::arena::{self, Batch, Written};
use store::{Db, Error};
use tokio::time::{Instant, sleep, timeout};
use tracing::warn;

/// How long one attempt may take before its outcome counts as unknown.
const ATTEMPT_LIMIT: Duration = Duration::from_secs(5);
/// The pause before another attempt.
const RETRY_DELAY: Duration = Duration::from_millis(200);

/// What came of a group commit, shard by shard.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Settled {
    /// What these wrote is true.
    pub(crate) committed: BTreeSet<Shard>,
    /// These are not ours any more, or not as we think: their memory must go.
    pub(crate) lost: BTreeSet<Shard>,
}

/// Writes the batches until it is known of each what came of it.
///
/// Fails only where the database refuses what no shell of ours should ask, or a row is corrupt.
pub(crate) async fn commit(db: Db, mut batches: Vec<Batch>) -> store::Result<Settled> {
    let mut settled = Settled::default();
    let began = Instant::now();
    while !batches.is_empty() {
        failpoint!("arena.before_commit");
        let attempt = timeout(ATTEMPT_LIMIT, arena::write(&db, &batches)).await;
        failpoint!("arena.after_commit");
        match attempt {
            Ok(Ok(Written::Committed)) => {
                settled
                    .committed
                    .extend(batches.drain(..).map(|batch| batch.lease.shard));
            }
            Ok(Ok(Written::Lost(lost))) => {
                batches.retain(|batch| !lost.contains(&batch.lease.shard));
                settled.lost.extend(lost);
            }
            Ok(Err(error @ (Error::Refused(_) | Error::Corrupt { .. }))) => return Err(error),
            Ok(Err(error @ (Error::Conflict(_) | Error::Unavailable(_)))) => {
                warn!(%error, "the outcome of a commit is unknown");
                settle(&db, &mut batches, &mut settled).await;
            }
            Err(_elapsed) => {
                warn!("a commit took too long");
                settle(&db, &mut batches, &mut settled).await;
            }
        }
    }
    counter!("arena_commits_total").increment(1);
    histogram!("arena_commit_seconds").record(began.elapsed());
    Ok(settled)
}

/// Reads the checkpoints: a shard that has seen our commit is done, one that has not is tried
/// again, any other is lost.
async fn settle(db: &Db, batches: &mut Vec<Batch>, settled: &mut Settled) {
    let shards: Vec<Shard> = batches.iter().map(|batch| batch.lease.shard).collect();
    let rows = loop {
        sleep(RETRY_DELAY).await;
        match arena::find(db, &shards).await {
            Ok(rows) => break rows,
            Err(error) => warn!(%error, "the outcome of a commit is still unknown"),
        }
    };
    let rows: BTreeMap<Shard, _> = rows.iter().map(|row| (row.lease.shard, row)).collect();
    batches.retain(|batch| {
        let shard = batch.lease.shard;
        let row = rows.get(&shard).filter(|row| row.lease == batch.lease);
        let commits = row.map(|row| row.commits - batch.commits);
        match commits {
            Some(0) => return true,
            Some(1) => settled.committed.insert(shard),
            Some(_) | None => settled.lost.insert(shard),
        };
        false
    });
}
