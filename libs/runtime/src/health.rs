//! What a process depends on, and whether it may be given work.

use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures::FutureExt;
use serde::Serialize;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// Each dependency is asked this often.
const CHECK_EVERY: Duration = Duration::from_secs(1);

/// One that does not answer well is asked again so soon: nobody waits for a process that is ready.
const CHECK_AGAIN_AFTER: Duration = Duration::from_millis(100);

/// A dependency that has not answered by then counts as failing.
const CHECK_TIMEOUT: Duration = Duration::from_millis(900);

/// The dependencies of a process, each asked in the background. Cheap to clone.
#[derive(Clone)]
pub struct Health(Arc<Shared>);

struct Shared {
    states: Mutex<BTreeMap<&'static str, State>>,
    started: AtomicBool,
    draining: AtomicBool,
    tasks: TaskTracker,
    stop: CancellationToken,
}

/// What the last check of a dependency found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    NotAskedYet,
    Well,
    Failed,
    Silent,
}

impl State {
    /// How long until the next check.
    const fn pause(self) -> Duration {
        match self {
            Self::Well => CHECK_EVERY,
            Self::NotAskedYet | Self::Failed | Self::Silent => CHECK_AGAIN_AFTER,
        }
    }
}

/// Whether a process is ready, and if not, why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Report {
    pub ready: bool,
    pub failing: Vec<Failing>,
}

/// One reason not to be ready. It never repeats an error's text: the page may be public.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Failing {
    /// The dependency, or `startup` or `shutdown`.
    pub name: &'static str,
    pub reason: &'static str,
}

impl Health {
    pub(crate) fn new(tasks: TaskTracker, stop: CancellationToken) -> Self {
        Self(Arc::new(Shared {
            states: Mutex::default(),
            started: AtomicBool::new(false),
            draining: AtomicBool::new(false),
            tasks,
            stop,
        }))
    }

    /// Watches a dependency from here on; the process is not ready before `check` has once said
    /// `Ok`, nor while it errs, panics or does not answer within 900 ms.
    pub fn watch<C, F>(&self, dependency: &'static str, mut check: C)
    where
        C: FnMut() -> F + Send + 'static,
        F: Future<Output = anyhow::Result<()>> + Send + 'static,
    {
        self.states().insert(dependency, State::NotAskedYet);
        let (health, stop) = (self.clone(), self.0.stop.clone());
        self.0.tasks.spawn(async move {
            let asking = async move {
                loop {
                    let (state, cause) = ask(check()).await;
                    health.note(dependency, (state, cause));
                    sleep(state.pause()).await;
                }
            };
            stop.run_until_cancelled(asking).await;
        });
    }

    /// What `/readyz` says.
    pub fn report(&self) -> Report {
        let mut failing = Vec::new();
        if !self.0.started.load(Ordering::SeqCst) {
            failing.push(Failing {
                name: "startup",
                reason: "still starting",
            });
        }
        if self.0.draining.load(Ordering::SeqCst) {
            failing.push(Failing {
                name: "shutdown",
                reason: "draining",
            });
        }
        for (&name, &state) in self.states().iter() {
            let reason = match state {
                State::Well => continue,
                State::NotAskedYet => "not asked yet",
                State::Failed => "answered with an error",
                State::Silent => "no answer in time",
            };
            failing.push(Failing { name, reason });
        }
        Report {
            ready: failing.is_empty(),
            failing,
        }
    }

    pub(crate) fn set_started(&self) {
        self.0.started.store(true, Ordering::SeqCst);
    }

    pub(crate) fn set_draining(&self) {
        self.0.draining.store(true, Ordering::SeqCst);
    }

    fn note(&self, dependency: &'static str, (state, cause): (State, Option<String>)) {
        let before = self.states().insert(dependency, state);
        let up = if state == State::Well { 1.0 } else { 0.0 };
        metrics::gauge!("battlesbit_dependency_up", "dependency" => dependency).set(up);
        if before == Some(state) {
            return;
        }
        match cause {
            Some(cause) => tracing::warn!(dependency, cause, "dependency fails"),
            None => tracing::info!(dependency, "dependency answers"),
        }
    }

    fn states(&self) -> MutexGuard<'_, BTreeMap<&'static str, State>> {
        self.0.states.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn ask(check: impl Future<Output = anyhow::Result<()>>) -> (State, Option<String>) {
    match timeout(CHECK_TIMEOUT, AssertUnwindSafe(check).catch_unwind()).await {
        Ok(Ok(Ok(()))) => (State::Well, None),
        Ok(Ok(Err(cause))) => (State::Failed, Some(format!("{cause:#}"))),
        Ok(Err(_)) => (State::Failed, Some("the check panicked".to_owned())),
        Err(_) => (
            State::Silent,
            Some(format!("no answer within {CHECK_TIMEOUT:?}")),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failing(health: &Health) -> Vec<(&'static str, &'static str)> {
        let report = health.report();
        assert_eq!(report.ready, report.failing.is_empty());
        report
            .failing
            .iter()
            .map(|failing| (failing.name, failing.reason))
            .collect()
    }

    #[tokio::test]
    async fn a_dependency_counts_as_failing_before_it_was_asked() {
        let health = Health::new(TaskTracker::new(), CancellationToken::new());
        assert_eq!(failing(&health), [("startup", "still starting")]);
        health.set_started();
        assert_eq!(failing(&health), []);
        health.watch("postgres", std::future::pending);
        assert_eq!(failing(&health), [("postgres", "not asked yet")]);
    }

    #[tokio::test]
    async fn an_answer_that_fails_panics_or_never_comes_is_told_apart() {
        assert_eq!(ask(async { Ok(()) }).await.0, State::Well);
        assert_eq!(
            ask(async { Err(anyhow::anyhow!("gone")) }).await.0,
            State::Failed
        );
        assert_eq!(
            ask(async { panic!("a bug in the check") }).await.0,
            State::Failed
        );
        assert_eq!(ask(std::future::pending()).await.0, State::Silent);
    }
}
