//! The workflow of a withdrawal: it waits for the decision, then takes one step after another until
//! the withdrawal has ended. What has come of it stands in the database; this only never forgets to
//! look.

use std::sync::Arc;
use std::time::Duration;

use domain::id::WithdrawalId;
use serde::{Deserialize, Serialize};
use temporalio_client::RetryPolicy;
use temporalio_macros::{activities, workflow, workflow_methods};
use temporalio_sdk::activities::{ActivityContext, ActivityError};
use temporalio_sdk::{
    ActivityOptions, ContinueAsNewOptions, SyncWorkflowContext, WorkflowContext, WorkflowResult,
};

use crate::payouts::{Next, Payouts};

/// How long one attempt at a step may take, which asks the node a few times. When a worker dies,
/// the step waits this long for the next. The settings let no single question take as long.
pub(crate) const ATTEMPT_LIMIT: Duration = Duration::from_secs(15);
/// The wait before the second attempt; it doubles from there.
const FIRST_RETRY: Duration = Duration::from_millis(200);
/// The longest wait between two attempts. There is no last one: an end is owed.
const LONGEST_RETRY: Duration = Duration::from_secs(30);
/// The wait between two steps on the chain.
const SOON: Duration = Duration::from_millis(500);
/// The wait for money in the hot wallet.
const LATER: Duration = Duration::from_secs(10);
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
        for _ in 0..STEPS {
            let retry = RetryPolicy::builder()
                .initial_interval(FIRST_RETRY)
                .backoff_coefficient(2.0)
                .maximum_interval(LONGEST_RETRY)
                .build();
            let options = ActivityOptions::with_start_to_close_timeout(ATTEMPT_LIMIT)
                .retry_policy(retry)
                .build();
            let step = ctx.execute_activity(PayoutActivities::advance, order.withdrawal, options);
            match step.await? {
                Next::Soon => ctx.timer(SOON).await,
                Next::Later => ctx.timer(LATER).await,
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
        _: ActivityContext,
        withdrawal: WithdrawalId,
    ) -> Result<Next, ActivityError> {
        Ok(self.payouts.advance(withdrawal).await?)
    }
}
