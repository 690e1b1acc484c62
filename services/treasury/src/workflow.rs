//! The workflow of a withdrawal: it waits for the decision, then takes one step after another until
//! the withdrawal has ended. What has come of it stands in the database; this only never forgets to
//! look.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use domain::id::WithdrawalId;
use serde::{Deserialize, Serialize};
use temporalio_client::RetryPolicy;
use temporalio_macros::{activities, workflow, workflow_methods};
use temporalio_sdk::activities::{ActivityContext, ActivityError};
use temporalio_sdk::{
    ActivityOptions, ContinueAsNewOptions, SyncWorkflowContext, WorkflowContext, WorkflowResult,
};
use tokio::time::{Instant, interval_at, timeout};

use crate::payouts::{Next, Payouts};

/// How long one attempt at a step may take, which asks the node a few times, however lively it is. The
/// settings let no single question take as long.
pub(crate) const ATTEMPT_LIMIT: Duration = Duration::from_secs(15);
/// After how long a silence of its worker another attempt is made: it has died, or stands still.
const SILENCE_LIMIT: Duration = Duration::from_secs(4);
/// How often a worker says that an attempt goes on.
pub(crate) const HEARTBEAT: Duration = Duration::from_secs(1);
/// The wait before the second attempt; it doubles from there.
const FIRST_RETRY: Duration = Duration::from_millis(200);
/// The longest wait between two attempts. There is no last one: an end is owed.
const LONGEST_RETRY: Duration = Duration::from_secs(30);
/// The wait between two steps on the chain.
const SOON: Duration = Duration::from_millis(500);
/// The first wait for money in the hot wallet; it doubles from there.
const FIRST_LATER: Duration = Duration::from_secs(1);
/// The longest of these waits.
const LONGEST_LATER: Duration = Duration::from_secs(10);
/// How many steps one run takes before another goes on: no history grows for ever.
const STEPS: u32 = 500;

/// Which withdrawal, and whether its decision is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Order {
    /// The withdrawal.
    pub(crate) withdrawal: WithdrawalId,
    /// Whether nobody has to decide any more.
    pub(crate) decided: bool,
}

/// Sees to one withdrawal.
#[workflow]
#[derive(Default)]
pub(crate) struct Withdraw {
    decided: bool,
}

#[workflow_methods]
impl Withdraw {
    /// Goes on until the withdrawal has ended.
    #[run]
    pub(crate) async fn run(ctx: &mut WorkflowContext<Self>, order: Order) -> WorkflowResult<()> {
        if !order.decided {
            ctx.wait_condition(|it| it.decided).await?;
        }
        let mut later = FIRST_LATER;
        for _ in 0..STEPS {
            let retry = RetryPolicy::builder()
                .initial_interval(FIRST_RETRY)
                .backoff_coefficient(2.0)
                .maximum_interval(LONGEST_RETRY)
                .build();
            let options = ActivityOptions::with_start_to_close_timeout(ATTEMPT_LIMIT)
                .heartbeat_timeout(SILENCE_LIMIT)
                .retry_policy(retry)
                .build();
            let step = ctx.execute_activity(PayoutActivities::advance, order.withdrawal, options);
            match step.await? {
                Next::Soon => {
                    ctx.timer(SOON).await;
                    later = FIRST_LATER;
                }
                Next::Later => {
                    ctx.timer(later).await;
                    later = longer(later);
                }
                Next::Ended => return Ok(()),
            };
        }
        let order = Order {
            decided: true,
            ..order
        };
        match ctx.continue_as_new(order, ContinueAsNewOptions::default())? {}
    }

    /// Somebody has decided, or nobody had to.
    #[signal]
    pub(crate) fn decided(&mut self, _: &mut SyncWorkflowContext<Self>) {
        self.decided = true;
    }
}

/// What the workflow does to the world.
pub(crate) struct PayoutActivities {
    payouts: Payouts,
}

impl PayoutActivities {
    /// Activities that pay through `payouts`.
    pub(crate) const fn new(payouts: Payouts) -> Self {
        Self { payouts }
    }
}

#[activities]
impl PayoutActivities {
    /// Takes a withdrawal one step further; a repeat changes nothing.
    #[activity]
    pub(crate) async fn advance(
        self: Arc<Self>,
        context: ActivityContext,
        withdrawal: WithdrawalId,
    ) -> Result<Next, ActivityError> {
        let advancing = async { Ok(self.payouts.advance(withdrawal).await?) };
        let beat = || async { Ok(context.record_heartbeat(()).await?) };
        Ok(attempt(advancing, beat).await?)
    }
}

/// The wait for money after one that was not enough.
fn longer(wait: Duration) -> Duration {
    LONGEST_LATER.min(wait * 2)
}

/// Does `work` for as long as an attempt may take, with a `beat` now and then. Both are of one task: none
/// is heard of work that is over, or whose thread or process stands still.
async fn attempt<T, B>(
    work: impl Future<Output = anyhow::Result<T>>,
    beat: impl Fn() -> B,
) -> anyhow::Result<T>
where
    B: Future<Output = anyhow::Result<()>>,
{
    let beating = async {
        let mut beats = interval_at(Instant::now() + HEARTBEAT, HEARTBEAT);
        loop {
            beats.tick().await;
            if let Err(error) = beat().await {
                return error;
            }
        }
    };
    let either = Box::pin(async {
        tokio::select! {
            biased;
            done = work => done,
            error = beating => Err(error),
        }
    });
    let done = timeout(ATTEMPT_LIMIT, either).await;
    done.context("a step of a withdrawal takes too long")?
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::future::pending;

    use super::*;

    #[test]
    fn the_wait_for_money_doubles_up_to_its_limit() {
        let waits = std::iter::successors(Some(FIRST_LATER), |wait| Some(longer(*wait)));
        let seconds: Vec<_> = waits.take(6).map(|wait| wait.as_secs()).collect();
        assert_eq!(seconds, [1, 2, 4, 8, 10, 10]);
    }

    #[tokio::test(start_paused = true)]
    async fn work_that_never_ends_is_given_up_and_heard_of_no_more() {
        let (began, beats) = (Instant::now(), Cell::new(0));
        let beat = || async {
            beats.set(beats.get() + 1);
            Ok(())
        };
        let stuck = attempt(pending::<anyhow::Result<()>>(), beat).await;
        stuck.unwrap_err();
        assert_eq!(began.elapsed(), ATTEMPT_LIMIT);
        assert_eq!(beats.get(), ATTEMPT_LIMIT.as_secs());
    }

    #[tokio::test(start_paused = true)]
    async fn work_that_is_done_between_two_beats_needs_none() {
        let beat = || async { anyhow::bail!("nobody has asked for one") };
        attempt(async { Ok(()) }, beat).await.unwrap();
    }
}
