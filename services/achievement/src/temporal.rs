//! The way to Temporal: starting workflows, and the worker that runs them.

use std::thread;
use std::time::Duration;

use anyhow::Context as _;
use serde::Deserialize;
use temporalio_client::errors::WorkflowStartError;
use temporalio_client::grpc::WorkflowService as _;
use temporalio_client::tonic::Request;
use temporalio_client::{
    Client, ClientOptions, Connection, ConnectionOptions, WorkflowIdConflictPolicy,
    WorkflowIdReusePolicy, WorkflowStartOptions,
};
use temporalio_common::protos::temporal::api::workflowservice::v1::DescribeNamespaceRequest;
use temporalio_sdk::{Runtime, Worker, WorkerOptions};
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;
use url::Url;

use crate::workflow::{Grant, GrantAchievement, GrantActivities};

/// How long a workflow task waits for the worker that last ran it before any other may take it.
/// Short, so that a worker's crash delays nobody much.
const STICKY_TIMEOUT: Duration = Duration::from_secs(2);

/// Where workflows are kept.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TemporalSettings {
    /// The server's gRPC address.
    pub url: Url,
    /// The namespace, which must exist.
    pub namespace: String,
    /// The task queue of this service's workers, and the beginning of every workflow id.
    pub queue: String,
}

/// A connection to Temporal.
#[derive(Clone)]
pub struct Temporal {
    client: Client,
    namespace: String,
    queue: String,
}

impl Temporal {
    /// Connects.
    pub async fn connect(settings: &TemporalSettings) -> anyhow::Result<Self> {
        let options = ConnectionOptions::new(settings.url.clone()).build();
        let connection = Connection::connect(options)
            .await
            .with_context(|| format!("temporal does not answer at {}", settings.url))?;
        let client = Client::new(connection, ClientOptions::new(&settings.namespace).build())?;
        let temporal = Self {
            client,
            namespace: settings.namespace.clone(),
            queue: settings.queue.clone(),
        };
        temporal.ping().await.with_context(|| {
            format!(
                "temporal at {} has no namespace {}",
                settings.url, settings.namespace
            )
        })?;
        Ok(temporal)
    }

    /// The id of the workflow that makes this grant: one grant, one workflow, for ever.
    pub fn workflow_id(&self, grant: Grant) -> String {
        format!("{}/grant/{}/{}", self.queue, grant.definition, grant.user)
    }

    /// Starts the workflow of this grant, unless it was ever started before.
    pub async fn start_grant(&self, grant: Grant) -> anyhow::Result<()> {
        let options = WorkflowStartOptions::new(&self.queue, self.workflow_id(grant))
            .id_reuse_policy(WorkflowIdReusePolicy::RejectDuplicate)
            .id_conflict_policy(WorkflowIdConflictPolicy::UseExisting)
            .build();
        match self
            .client
            .start_workflow(GrantAchievement::run, grant, options)
            .await
        {
            Ok(_) | Err(WorkflowStartError::AlreadyStarted { .. }) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Runs workflows and activities until `shutdown`.
    ///
    /// A worker may not move between threads, so it gets one of its own; what its activities do
    /// runs on the service's runtime. That thread is none of the runtime's: a runtime that is
    /// dropped without a shutdown, as when a test fails, would wait for it for ever.
    pub async fn work(
        &self,
        activities: GrantActivities,
        shutdown: CancellationToken,
    ) -> anyhow::Result<()> {
        let runtime = Runtime::from_current_tokio(Default::default())?;
        let mut options = WorkerOptions::new(&self.queue)
            .register_workflow::<GrantAchievement>()?
            .register_activities(activities)
            .build();
        options.sticky_queue_schedule_to_start_timeout = STICKY_TIMEOUT;
        let mut worker = Worker::new(&runtime, self.client.clone(), options)?;
        let stop = worker.shutdown_handle();
        let handle = tokio::runtime::Handle::current();
        let (left, end) = oneshot::channel();
        thread::Builder::new()
            .name("worker".to_owned())
            .spawn(move || left.send(handle.block_on(worker.run())))?;
        shutdown.cancelled().await;
        stop();
        Ok(end.await.context("the worker's thread has died")??)
    }

    /// Whether the server answers and has our namespace.
    pub async fn ping(&self) -> anyhow::Result<()> {
        let namespace = self.namespace.clone();
        let request = DescribeNamespaceRequest {
            namespace,
            ..Default::default()
        };
        self.client
            .clone()
            .describe_namespace(Request::new(request))
            .await?;
        Ok(())
    }
}
