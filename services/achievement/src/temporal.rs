//! The workflows of this service on Temporal: which there are, and how each is started once.

use temporalio_sdk::WorkerOptions;
use tokio_util::sync::CancellationToken;

use crate::workflow::{Grant, GrantAchievement, GrantActivities};

pub use temporal::TemporalSettings;

/// A connection to Temporal.
#[derive(Clone)]
pub struct Temporal(temporal::Temporal);

impl Temporal {
    /// Connects.
    pub async fn connect(settings: &TemporalSettings) -> anyhow::Result<Self> {
        temporal::Temporal::connect(settings).await.map(Self)
    }

    /// The id of the workflow that makes this grant: one grant, one workflow, for ever.
    pub fn workflow_id(&self, grant: Grant) -> String {
        let queue = self.0.queue();
        format!("{queue}/grant/{}/{}", grant.definition, grant.user)
    }

    /// Starts the workflow of this grant, unless it was ever started before.
    pub async fn start_grant(&self, grant: Grant) -> anyhow::Result<()> {
        let options = self.0.once(self.workflow_id(grant));
        let (client, run) = (self.0.client(), GrantAchievement::run);
        let started = client.start_workflow(run, grant, options).await;
        temporal::Temporal::unless_started(started)
    }

    /// Runs workflows and activities until `shutdown`.
    pub async fn work(
        &self,
        activities: GrantActivities,
        shutdown: CancellationToken,
    ) -> anyhow::Result<()> {
        let options = WorkerOptions::new(self.0.queue())
            .register_workflow::<GrantAchievement>()?
            .register_activities(activities)
            .build();
        self.0.work(options, shutdown).await
    }

    /// Whether the server answers and has our namespace.
    pub async fn ping(&self) -> anyhow::Result<()> {
        self.0.ping().await
    }
}
