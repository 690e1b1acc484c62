//! Checks the ledger again and again, and raises the alarm when anything differs: what was added and
//! what is open often, and everything seldom.

use std::time::Duration;

use metrics::{counter, gauge};
use runtime::{Clock, causes};
use store::ledger::{self, Difference, End, Verified};
use store::{Db, Result};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use crate::app::now_s;
use crate::settings::Audit;

const FAILED: &str = "treasury_ledger_checks_failed_total";

/// What a check is called in metrics: it reads what was added and what is open, or everything.
const ADDED: &str = "added";
const WHOLE: &str = "whole";

/// How many differences of one check are logged; the metric counts all that were listed.
const LOGGED: usize = 20;

/// The wait before it is asked again whether those have ended who were inserting at the start.
const SETTLING: Duration = Duration::from_millis(100);

/// Checks ledgers.
#[derive(Clone, Debug)]
pub(crate) struct Auditor {
    pub(crate) db: Db,
    pub(crate) clock: Clock,
    pub(crate) settings: Audit,
}

impl Auditor {
    /// Checks until `shutdown`, which a check that has begun does not hold up.
    ///
    /// How far the ledger is verified is kept in memory alone: whoever starts anew takes all that is
    /// there for verified at once, and verifies it by the first whole check, which begins behind that
    /// and which nothing waits for. A table would save no whole check, for what was verified can be
    /// changed; it would only be believed instead of it.
    pub(crate) async fn run(self, shutdown: CancellationToken) -> anyhow::Result<()> {
        // Shown from the beginning: what is not there cannot rise.
        for check in [ADDED, WHOLE] {
            counter!(FAILED, "check" => check).increment(0);
        }
        let auditing = async {
            let verified = self.begin().await;
            tokio::join!(self.check_added(verified), self.check_all());
        };
        shutdown.run_until_cancelled(auditing).await;
        Ok(())
    }

    async fn begin(&self) -> Verified {
        let mut end = None;
        loop {
            match self.try_begin(&mut end).await {
                Ok(Some(verified)) => return verified,
                Ok(None) => sleep(SETTLING).await,
                Err(error) => {
                    fail(ADDED, &error);
                    sleep(self.settings.interval()).await;
                }
            }
        }
    }

    async fn try_begin(&self, end: &mut Option<End>) -> Result<Option<Verified>> {
        let end = match end {
            Some(end) => end,
            None => end.insert(End::of(&self.db).await?),
        };
        Verified::begin(&self.db, end).await
    }

    async fn check_added(&self, mut verified: Verified) {
        loop {
            match verified.check(&self.db).await {
                Ok(differences) => self.show(ADDED, &differences),
                Err(error) => fail(ADDED, &error),
            }
            sleep(self.settings.interval()).await;
        }
    }

    /// As long as something differs, or could not be read, it is looked at again soon.
    async fn check_all(&self) {
        loop {
            let is_whole = match ledger::audit(&self.db).await {
                Ok(differences) => {
                    self.show(WHOLE, &differences);
                    differences.is_empty()
                }
                Err(error) => {
                    fail(WHOLE, &error);
                    false
                }
            };
            let wait = if is_whole {
                self.settings.whole_interval()
            } else {
                self.settings.interval()
            };
            sleep(wait).await;
        }
    }

    fn show(&self, check: &'static str, differences: &[Difference]) {
        counter!("treasury_ledger_checks_total", "check" => check).increment(1);
        gauge!("treasury_ledger_checked_at_seconds", "check" => check).set(now_s(&self.clock));
        for rule in ledger::rules() {
            let broken = differences.iter().filter(|one| one.rule == rule);
            let count = u32::try_from(broken.count()).unwrap_or(u32::MAX);
            gauge!("treasury_ledger_differences", "check" => check, "rule" => rule)
                .set(f64::from(count));
        }
        for difference in differences.iter().take(LOGGED) {
            tracing::error!(check, %difference, "the ledger does not add up");
        }
    }
}

fn fail(check: &'static str, error: &store::Error) {
    counter!(FAILED, "check" => check).increment(1);
    tracing::warn!(
        check,
        cause = causes(error),
        "the ledger could not be checked"
    );
}
