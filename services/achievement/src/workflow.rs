//! The workflow that grants an achievement: one activity, tried until it is done.

use std::sync::Arc;
use std::time::Duration;

use domain::id::{AchievementDefinitionId, UserId};
use serde::{Deserialize, Serialize};
use temporalio_client::RetryPolicy;
use temporalio_macros::{activities, workflow, workflow_methods};
use temporalio_sdk::activities::{ActivityContext, ActivityError};
use temporalio_sdk::{ActivityOptions, WorkflowContext, WorkflowResult};

use crate::grant;

/// How long one attempt may take.
const ATTEMPT_LIMIT: Duration = Duration::from_secs(10);
/// The wait before the second attempt; it doubles from there.
const FIRST_RETRY: Duration = Duration::from_millis(200);
/// The longest wait between two attempts. There is no last one: a grant is owed.
const LONGEST_RETRY: Duration = Duration::from_secs(60);

/// What is granted, and to whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grant {
    /// The achievement's definition.
    pub definition: AchievementDefinitionId,
    /// Who earned it.
    pub user: UserId,
}

/// Grants one achievement to one user.
#[workflow]
#[derive(Default)]
pub struct GrantAchievement;

#[workflow_methods]
impl GrantAchievement {
    /// Posts the grant.
    #[run]
    pub async fn run(ctx: &mut WorkflowContext<Self>, grant: Grant) -> WorkflowResult<()> {
        let retry = RetryPolicy::builder()
            .initial_interval(FIRST_RETRY)
            .backoff_coefficient(2.0)
            .maximum_interval(LONGEST_RETRY)
            .build();
        let options = ActivityOptions::with_start_to_close_timeout(ATTEMPT_LIMIT)
            .retry_policy(retry)
            .build();
        ctx.execute_activity(GrantActivities::post, grant, options)
            .await?;
        Ok(())
    }
}

/// What the workflow does to the world.
pub struct GrantActivities {
    poster: grant::Poster,
}

impl GrantActivities {
    /// Activities that post through `poster`.
    pub fn new(poster: grant::Poster) -> Self {
        Self { poster }
    }
}

#[activities]
impl GrantActivities {
    /// Posts the grant and its rewards in one transaction; a repeat changes nothing.
    #[activity]
    pub async fn post(
        self: Arc<Self>,
        _: ActivityContext,
        grant: Grant,
    ) -> Result<(), ActivityError> {
        Ok(self.poster.post(grant).await?)
    }
}
