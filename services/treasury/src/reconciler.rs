//! Compares what lies on the chain with what the ledger says should lie there, and raises the alarm
//! when they stay apart by more than is on its way. Where there is more on the chain for long, a
//! deposit was passed over: then the accounts are looked at anew.

use std::collections::BTreeMap;

use chain::Coins;
use domain::money::Currency;
use metrics::{counter, gauge};
use reconciliation::Report;
use runtime::{Clock, causes};
use store::Db;
use store::chain as rows;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

use crate::app::now_s;
use crate::custody::Custody;
use crate::error::Error;
use crate::settings::Chain;

const FAILED: &str = "treasury_reconciliations_failed_total";
const RECONCILED: &str = "treasury_chain_reconciled_at_seconds";

/// Compares the chain with the ledger.
#[derive(Clone, Debug)]
pub(crate) struct Reconciler {
    pub(crate) db: Db,
    pub(crate) custody: Custody,
    pub(crate) clock: Clock,
    pub(crate) settings: Chain,
}

/// Since when there has been more on the chain than the ledger says.
type Surpluses = BTreeMap<Currency, Instant>;

impl Reconciler {
    /// Compares every interval until `shutdown`.
    pub(crate) async fn run(self, shutdown: CancellationToken) -> anyhow::Result<()> {
        // Shown from the beginning: what is not there cannot rise.
        counter!(FAILED).increment(0);
        for currency in Coins::CURRENCIES {
            gauge!(RECONCILED, "currency" => currency.code()).set(0.0);
        }
        let comparing = async {
            let mut surpluses = Surpluses::new();
            loop {
                if let Err(error) = self.compare(&mut surpluses).await {
                    counter!(FAILED).increment(1);
                    let cause = causes(&error);
                    tracing::warn!(cause, "the chain could not be compared with the ledger");
                    sleep(error.wait().unwrap_or_default()).await;
                }
                sleep(self.settings.reconcile_interval()).await;
            }
        };
        shutdown.run_until_cancelled(comparing).await;
        Ok(())
    }

    async fn compare(&self, surpluses: &mut Surpluses) -> Result<(), Error> {
        self.custody.confirm(&self.db).await?;
        for currency in Coins::CURRENCIES {
            let Some(report) = self.custody.books(&self.db).compare(currency).await? else {
                let currency = currency.code();
                tracing::warn!(currency, "an account moved each time that it was looked at");
                continue;
            };
            show(&report);
            gauge!(RECONCILED, "currency" => currency.code()).set(now_s(&self.clock));
            self.look_anew(&report, surpluses).await?;
        }
        Ok(())
    }

    /// Lets the accounts be looked at from the beginning where more has long lain there than the ledger
    /// says. What is credited is not credited again.
    async fn look_anew(&self, report: &Report, surpluses: &mut Surpluses) -> Result<(), Error> {
        if report.unexplained() <= 0 {
            surpluses.remove(&report.currency);
            return Ok(());
        }
        let since = *surpluses
            .entry(report.currency)
            .or_insert_with(Instant::now);
        if since.elapsed() >= self.settings.rescan_after() {
            surpluses.remove(&report.currency);
            let tx = self.db.begin().await?;
            rows::forget_progress(&tx, report.currency).await?;
            tx.commit().await?;
            let currency = report.currency.code();
            tracing::warn!(currency, "all accounts are looked at from the beginning");
        }
        Ok(())
    }
}

fn show(report: &Report) {
    let currency = report.currency.code();
    let unexplained = report.unexplained();
    gauge!("treasury_chain_difference", "currency" => currency).set(shown(unexplained));
    gauge!("treasury_chain_in_flight", "currency" => currency).set(shown(report.in_flight));
    if unexplained != 0 {
        let (on_chain, booked, in_flight) = (report.on_chain(), report.booked, report.in_flight);
        tracing::warn!(
            currency,
            on_chain,
            booked,
            in_flight,
            "chain and ledger differ"
        );
    }
}

fn shown(minor: i64) -> f64 {
    let shown = minor.clamp(i64::from(i32::MIN), i64::from(i32::MAX));
    i32::try_from(shown).map_or(0.0, f64::from)
}
