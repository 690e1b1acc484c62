//! Tells workflows of the withdrawals that there are, and of their decisions, until they know; gives
//! up those that nobody has decided in time; and takes those further itself that no workflow sees to,
//! for one may be lost or terminated.

use std::time::Duration;

use domain::id::WithdrawalId;
use metrics::{counter, gauge};
use runtime::causes;
use store::Db;
use store::withdrawal::{self, Status, Withdrawal};
use temporal::Temporal;
use temporalio_sdk::WorkerOptions;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use crate::error::Error;
use crate::payouts::Payouts;
use crate::workflow::{HEARTBEAT, Order, PayoutActivities, Withdraw};

const FAILED: &str = "treasury_withdrawals_untold_total";
const OLDEST: &str = "treasury_withdrawals_oldest_seconds";

/// How often it looks. What was just asked for waits this long at the most.
const INTERVAL: Duration = Duration::from_millis(250);
/// How often it looks for withdrawals that nothing has happened to.
const LOOK_AFTER: Duration = Duration::from_secs(60);
/// For how long nothing has happened to them.
const IDLE: Duration = Duration::from_secs(600);
/// How many withdrawals are told at once.
const LISTED: u32 = 100;

/// Sees to it that every withdrawal has its workflow.
#[derive(Clone)]
pub(crate) struct Foreman {
    pub(crate) db: Db,
    pub(crate) payouts: Payouts,
    pub(crate) temporal: Temporal,
}

impl Foreman {
    /// Looks again and again until `shutdown`.
    pub(crate) async fn run(self, shutdown: CancellationToken) -> anyhow::Result<()> {
        // Shown from the beginning: what is not there cannot rise.
        counter!(FAILED).increment(0);
        gauge!(OLDEST).set(0.0);
        let telling = async {
            loop {
                if let Err(error) = self.tell_all().await {
                    counter!(FAILED).increment(1);
                    tracing::warn!(cause = format!("{error:#}"), "withdrawals wait");
                }
                sleep(INTERVAL).await;
            }
        };
        let looking_after = async {
            loop {
                if let Err(error) = self.look_after(IDLE).await {
                    let cause = causes(&error);
                    tracing::warn!(cause, "withdrawals that nobody sees to wait");
                }
                sleep(LOOK_AFTER).await;
            }
        };
        let both = Box::pin(async { tokio::join!(telling, looking_after) });
        shutdown.run_until_cancelled(both).await;
        Ok(())
    }

    /// Runs the workflows until `shutdown`.
    pub(crate) async fn work(self, shutdown: CancellationToken) -> anyhow::Result<()> {
        let options = WorkerOptions::new(self.temporal.queue())
            .register_workflow::<Withdraw>()?
            .register_activities(PayoutActivities::new(self.payouts))
            // The worker would keep some back, and leave a fifth of the silence as leeway.
            .max_heartbeat_throttle_interval(HEARTBEAT)
            .build();
        self.temporal.work(options, shutdown).await
    }

    /// Takes withdrawals one step further that nothing has happened to for so long, whatever becomes of
    /// the others; answers the last failure. Their workflows may do the same meanwhile.
    async fn look_after(&self, idle: Duration) -> Result<(), Error> {
        let oldest_s = withdrawal::oldest_open_s(&self.db).await?;
        gauge!(OLDEST).set(f64::from(oldest_s));
        let mut outcome = Ok(());
        for idle in withdrawal::list_idle(&self.db, idle, LISTED).await? {
            if let Err(error) = self.try_to_advance(idle).await {
                if error.wait().is_some() {
                    return Err(error);
                }
                tracing::warn!(withdrawal = %idle, cause = causes(&error), "a withdrawal waits");
                outcome = Err(error);
            }
        }
        outcome
    }

    /// Takes a withdrawal further; others have their turn before the next attempt, whatever comes of it.
    async fn try_to_advance(&self, idle: WithdrawalId) -> Result<(), Error> {
        let tx = self.db.begin().await?;
        withdrawal::note_tried(&tx, idle).await?;
        tx.commit().await?;
        self.payouts.advance(idle).await?;
        Ok(())
    }

    /// Tells all that it lists, whatever becomes of the others; answers the last failure.
    async fn tell_all(&self) -> anyhow::Result<()> {
        let mut outcome = Ok(());
        for overdue in withdrawal::list_overdue(&self.db, LISTED).await? {
            if let Err(error) = self.payouts.give_up(overdue.id).await {
                let (withdrawal, cause) = (overdue.id, causes(&error));
                tracing::warn!(%withdrawal, cause, "a withdrawal is not given up");
                outcome = Err(error.into());
            }
        }
        for untold in withdrawal::list_untold(&self.db, LISTED).await? {
            if let Err(error) = self.tell_and_note(&untold).await {
                let (withdrawal, cause) = (untold.id, format!("{error:#}"));
                tracing::warn!(%withdrawal, cause, "a workflow is not told");
                outcome = Err(error);
            }
        }
        outcome
    }

    async fn tell_and_note(&self, untold: &Withdrawal) -> anyhow::Result<()> {
        self.tell(untold).await?;
        runtime::failpoint!("withdrawal.told");
        Ok(self.note(untold).await?)
    }

    /// Starts the workflow, and tells it once there is nothing to decide.
    async fn tell(&self, untold: &Withdrawal) -> anyhow::Result<()> {
        let id = format!("{}/withdrawal/{}", self.temporal.queue(), untold.id);
        let (client, options) = (self.temporal.client(), self.temporal.once(id));
        let order = Order {
            withdrawal: untold.id,
            decided: false,
        };
        match untold.status {
            Status::InReview => {
                let started = client.start_workflow(Withdraw::run, order, options).await;
                Temporal::unless_started(started)
            }
            Status::Approved
            | Status::Sending
            | Status::Completed
            | Status::Rejected
            | Status::Failed => {
                let told = client.signal_with_start_workflow(
                    Withdraw::run,
                    order,
                    Withdraw::decided,
                    (),
                    options,
                );
                Temporal::unless_started(told.await)
            }
        }
    }

    async fn note(&self, untold: &Withdrawal) -> Result<(), Error> {
        let tx = self.db.begin().await?;
        withdrawal::note_told(&tx, untold.id, untold.status).await?;
        Ok(tx.commit().await?)
    }
}
