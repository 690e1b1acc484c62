//! Checks the whole ledger again and again, and raises the alarm when anything differs.

use std::time::Duration;

use metrics::{counter, gauge};
use store::{Db, ledger};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

/// How many differences of one check are logged; the metric counts all that were listed.
const LOGGED: usize = 20;

/// Checks every `interval` until `shutdown`, which a check that has begun does not hold up.
pub(crate) async fn run(
    db: Db,
    interval: Duration,
    shutdown: CancellationToken,
) -> anyhow::Result<()> {
    let auditing = async {
        loop {
            audit(&db).await;
            sleep(interval).await;
        }
    };
    shutdown.run_until_cancelled(auditing).await;
    Ok(())
}

async fn audit(db: &Db) {
    match ledger::audit(db).await {
        Ok(differences) => {
            counter!("treasury_ledger_checks_total").increment(1);
            let count = u32::try_from(differences.len()).unwrap_or(u32::MAX);
            gauge!("treasury_ledger_differences").set(f64::from(count));
            for difference in differences.iter().take(LOGGED) {
                tracing::error!(%difference, "the ledger does not add up");
            }
        }
        Err(error) => tracing::warn!(%error, "the ledger could not be checked"),
    }
}
