//! The way to Temporal: a connection, workflows that start once, and the worker that runs them.
//! Knows no workflow itself.

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
    /// The task queue of a service's workers, and the beginning of every workflow id.
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
    ///
    /// # Errors
    /// When no server answers, or it lacks the namespace.
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

    /// What starts workflows and signals them.
    pub const fn client(&self) -> &Client {
        &self.client
    }

    /// The task queue of the service's workers.
    pub fn queue(&self) -> &str {
        &self.queue
    }

    /// How a workflow is started that is started once under its id, for ever.
    pub fn once(&self, id: String) -> WorkflowStartOptions {
        WorkflowStartOptions::new(&self.queue, id)
            .id_reuse_policy(WorkflowIdReusePolicy::RejectDuplicate)
            .id_conflict_policy(WorkflowIdConflictPolicy::UseExisting)
            .build()
    }

    /// Takes a workflow that was started before for one that was started now.
    ///
    /// # Errors
    /// When it could not be started.
    pub fn unless_started<T>(started: Result<T, WorkflowStartError>) -> anyhow::Result<()> {
        match started {
            Ok(_) | Err(WorkflowStartError::AlreadyStarted { .. }) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Runs workflows and activities until `shutdown`.
    ///
    /// A worker may not move between threads, so it gets one of its own; what its activities do
    /// runs on the service's runtime. That thread is none of the runtime's: a runtime that is
    /// dropped without a shutdown, as when a test fails, would wait for it for ever. It ends with
    /// the runtime: whoever drops the future that this returns gives the worker up.
    ///
    /// # Errors
    /// When the worker cannot start, or ends by itself.
    pub async fn work(
        &self,
        mut options: WorkerOptions,
        shutdown: CancellationToken,
    ) -> anyhow::Result<()> {
        let runtime = Runtime::from_current_tokio(Default::default())?;
        options.sticky_queue_schedule_to_start_timeout = STICKY_TIMEOUT;
        let mut worker = Worker::new(&runtime, self.client.clone(), options)?;
        let stop = worker.shutdown_handle();
        let handle = tokio::runtime::Handle::current();
        let (left, end) = oneshot::channel();
        let given_up = CancellationToken::new();
        let _unless_dropped = given_up.clone().drop_guard();
        thread::Builder::new()
            .name("worker".to_owned())
            .spawn(move || {
                let running = given_up.run_until_cancelled(worker.run());
                let ended = handle.block_on(running);
                // What the activities hold, such as connections, may need the runtime to be let go.
                let _entered = handle.enter();
                drop(worker);
                // Nobody waits for a worker that was given up.
                ended.map_or(Ok(()), |ended| left.send(ended))
            })?;
        shutdown.cancelled().await;
        stop();
        Ok(end.await.context("the worker's thread has died")??)
    }

    /// Whether the server answers and has our namespace.
    ///
    /// # Errors
    /// When it does not.
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
