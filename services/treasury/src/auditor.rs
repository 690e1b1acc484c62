//! Checks the whole ledger again and again, and raises the alarm when anything differs.

use std::time::Duration;

use metrics::{counter, gauge};
use runtime::{Clock, causes};
use store::{Db, ledger};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use crate::app::now_s;

const FAILED: &str = "treasury_ledger_checks_failed_total";

/// How many differences of one check are logged; the metric counts all that were listed.
const LOGGED: usize = 20;

/// Checks every `interval` until `shutdown`, which a check that has begun does not hold up.
pub(crate) async fn run(
    db: Db,
    clock: Clock,
    interval: Duration,
    shutdown: CancellationToken,
) -> anyhow::Result<()> {
    // Shown from the beginning: what is not there cannot rise.
    counter!(FAILED).increment(0);
    let auditing = async {
        loop {
            audit(&db, &clock).await;
            sleep(interval).await;
        }
    };
    shutdown.run_until_cancelled(auditing).await;
    Ok(())
}

async fn audit(db: &Db, clock: &Clock) {
    match ledger::audit(db).await {
        Ok(differences) => {
            counter!("treasury_ledger_checks_total").increment(1);
            gauge!("treasury_ledger_checked_at_seconds").set(now_s(clock));
            for rule in ledger::rules() {
                let broken = differences.iter().filter(|one| one.rule == rule);
                let count = u32::try_from(broken.count()).unwrap_or(u32::MAX);
                gauge!("treasury_ledger_differences", "rule" => rule).set(f64::from(count));
            }
            for difference in differences.iter().take(LOGGED) {
                tracing::error!(%difference, "the ledger does not add up");
            }
        }
        Err(error) => {
            counter!(FAILED).increment(1);
            tracing::warn!(cause = causes(&error), "the ledger could not be checked");
        }
    }
}
