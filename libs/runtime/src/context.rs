//! What a service is given to run with.

use std::borrow::Cow;
use std::sync::{Arc, OnceLock};

use axum::Router;
use tokio_util::sync::CancellationToken;

use crate::supervisor::Tasks;
use crate::{Clock, Health, Mode, Service};

/// What a service is given to run with. Cheap to clone.
#[derive(Clone)]
pub struct Context {
    pub service: Service,
    pub mode: Mode,
    pub clock: Clock,
    pub health: Health,
    pub(crate) tasks: Tasks,
    pub(crate) mounted: Arc<OnceLock<Router>>,
}

impl Context {
    /// Runs `task` until it ends. A shutdown waits for it, then drops it where it stands.
    ///
    /// A task that errs or panics ends the process with a line that names it. One that ends with
    /// `Ok` has done its work; the process goes on.
    pub fn spawn<F>(&self, name: impl Into<Cow<'static, str>>, task: F)
    where
        F: Future<Output = anyhow::Result<()>> + Send + 'static,
    {
        self.tasks.spawn(name.into(), task);
    }

    /// Cancelled when the process is asked to stop: finish what is begun and return `Ok`.
    pub fn shutdown(&self) -> CancellationToken {
        self.tasks.soft()
    }

    /// Serves `routes` on `http.listen`, beside `/healthz`, `/readyz` and `/metrics`.
    ///
    /// Requests carry [`axum::extract::ConnectInfo`] with the peer's address. New requests are
    /// still accepted while the process drains, so that `/readyz` can say so.
    ///
    /// # Panics
    /// When called twice.
    pub fn mount(&self, routes: Router) {
        assert!(
            self.mounted.set(routes).is_ok(),
            "a service mounts its routes once"
        );
    }
}
