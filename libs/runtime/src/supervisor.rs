//! Owns a process's tasks: starts them, notices the first that fails, and stops them all.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::{Context as _, anyhow, bail};
use futures::FutureExt;
use tokio::net::TcpListener;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::connections::Limits;
use crate::{Clock, Context, Health, Mode, Service, http, settings};

/// After the grace, or after the last task, what is left may take this long to let go.
const LAST_GRACE: Duration = Duration::from_secs(1);

/// The tasks of a service. [`run`](crate::run()) has one per process, a test one per service it
/// starts.
pub struct Supervisor {
    context: Context,
    grace: Duration,
    /// Health checks and HTTP, which outlive the service's own tasks.
    background: TaskTracker,
    background_stop: CancellationToken,
}

impl Supervisor {
    /// Nothing runs yet. `grace` is how long tasks may take to finish once they are asked to.
    pub fn new(service: Service, mode: Mode, clock: Clock, grace: Duration) -> Self {
        let background = TaskTracker::new();
        let background_stop = CancellationToken::new();
        let context = Context {
            service,
            mode,
            clock,
            health: Health::new(background.clone(), background_stop.clone()),
            tasks: Tasks::default(),
            mounted: Arc::default(),
        };
        Self {
            context,
            grace,
            background,
            background_stop,
        }
    }

    /// What to hand to the service.
    pub fn context(&self) -> Context {
        self.context.clone()
    }

    /// Serves health, metrics and what the service mounts. Returns the address it listens on.
    ///
    /// # Errors
    /// When the address cannot be listened on.
    pub async fn listen(&self, http: &settings::Http) -> anyhow::Result<SocketAddr> {
        let address = http.listen;
        let listener = TcpListener::bind(address)
            .await
            .with_context(|| format!("cannot listen on {address} (setting http.listen)"))?;
        let bound = listener.local_addr()?;
        let limits = Limits::of(usize::try_from(http.connections)?);
        let stop = self.background_stop.clone();
        let serving = http::serve(listener, limits, self.context(), stop);
        self.background.spawn(serving);
        Ok(bound)
    }

    /// Runs `serve`, which prepares the service, spawns its tasks and returns. From then on the
    /// service is ready when its dependencies are. Whoever is asked to stop before is dropped.
    pub fn start<F>(&self, serve: F)
    where
        F: Future<Output = anyhow::Result<()>> + Send + 'static,
    {
        let Context { health, tasks, .. } = self.context();
        let stop = tasks.soft();
        tasks.spawn("startup".into(), async move {
            if let Some(prepared) = stop.run_until_cancelled(serve).await {
                prepared?;
                health.set_started();
            }
            Ok(())
        });
    }

    /// Returns when a task has failed; never, while none does.
    pub async fn failed(&self) {
        self.context.tasks.0.failed.cancelled().await;
    }

    /// Asks every task to finish, and drops those that have not within the grace.
    ///
    /// # Errors
    /// The first task that failed, or the tasks that had to be dropped.
    pub async fn stop(&self) -> anyhow::Result<()> {
        self.context.health.set_draining();
        let drained = self.context.tasks.drain(self.grace).await;
        self.background_stop.cancel();
        self.background.close();
        if timeout(LAST_GRACE, self.background.wait()).await.is_err() {
            tracing::warn!("requests were still open at the end");
        }
        match self.context.tasks.take_failure() {
            Some(failure) => Err(failure),
            None => drained,
        }
    }
}

/// The service's own tasks.
#[derive(Clone, Default)]
pub(crate) struct Tasks(Arc<Shared>);

#[derive(Default)]
struct Shared {
    tracker: TaskTracker,
    running: Mutex<BTreeMap<u64, Cow<'static, str>>>,
    next: AtomicU64,
    /// Finish what is begun.
    soft: CancellationToken,
    /// Be dropped where you stand.
    hard: CancellationToken,
    failed: CancellationToken,
    failure: Mutex<Option<anyhow::Error>>,
}

impl Tasks {
    pub(crate) fn spawn<F>(&self, name: Cow<'static, str>, task: F)
    where
        F: Future<Output = anyhow::Result<()>> + Send + 'static,
    {
        let number = self.0.next.fetch_add(1, Ordering::Relaxed);
        self.running().insert(number, name.clone());
        let tasks = self.clone();
        self.0.tracker.spawn(async move {
            let guarded = AssertUnwindSafe(task).catch_unwind();
            match tasks.0.hard.run_until_cancelled(guarded).await {
                None | Some(Ok(Ok(()))) => {}
                Some(Ok(Err(cause))) => tasks.fail(cause.context(format!("{name} failed"))),
                Some(Err(panic)) => {
                    let message = panic_message(panic.as_ref());
                    tasks.fail(anyhow!("{name} panicked: {message}"));
                }
            }
            tasks.running().remove(&number);
        });
    }

    pub(crate) fn soft(&self) -> CancellationToken {
        self.0.soft.clone()
    }

    fn fail(&self, cause: anyhow::Error) {
        tracing::error!(cause = format!("{cause:#}"), "task failed");
        let mut first = self
            .0
            .failure
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        first.get_or_insert(cause);
        self.0.failed.cancel();
    }

    fn take_failure(&self) -> Option<anyhow::Error> {
        self.0
            .failure
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take()
    }

    async fn drain(&self, grace: Duration) -> anyhow::Result<()> {
        self.0.soft.cancel();
        self.0.tracker.close();
        if timeout(grace, self.0.tracker.wait()).await.is_ok() {
            return Ok(());
        }
        let names: Vec<String> = self.running().values().map(ToString::to_string).collect();
        self.0.hard.cancel();
        if timeout(LAST_GRACE, self.0.tracker.wait()).await.is_err() {
            tracing::error!("a task blocks its thread and could not be dropped");
        }
        bail!(
            "did not stop within {} ms (setting shutdown.grace_ms); dropped: {}",
            grace.as_millis(),
            names.join(", ")
        )
    }

    fn running(&self) -> MutexGuard<'_, BTreeMap<u64, Cow<'static, str>>> {
        self.0
            .running
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

fn panic_message(panic: &(dyn std::any::Any + Send)) -> &str {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("no message")
}
