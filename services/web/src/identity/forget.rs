//! Forgetting sessions and refresh tokens that nobody can come back with.

use std::time::Duration;

use runtime::Clock;
use store::{Db, session};
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

/// How often.
const EVERY: Duration = Duration::from_secs(600);
/// How many of each are forgotten in one transaction.
const ROWS: u32 = 1_000;
/// How long they are kept after their end: for whoever looks up a theft.
const KEPT: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// Forgets now and then, until `shutdown`.
pub(crate) async fn forget(
    db: Db,
    clock: Clock,
    shutdown: CancellationToken,
) -> anyhow::Result<()> {
    let mut beats = interval(EVERY);
    beats.set_missed_tick_behavior(MissedTickBehavior::Delay);
    while shutdown.run_until_cancelled(beats.tick()).await.is_some() {
        if let Err(error) = forget_ended(&db, &clock).await {
            tracing::warn!(%error, "ended sessions were not forgotten");
        }
    }
    Ok(())
}

async fn forget_ended(db: &Db, clock: &Clock) -> store::Result<()> {
    loop {
        let tx = db.begin().await?;
        let forgotten = session::delete_ended(&tx, clock.now() - KEPT, ROWS).await?;
        tx.commit().await?;
        if forgotten == 0 {
            return Ok(());
        }
    }
}
