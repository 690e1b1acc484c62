//! What the arena waits for before it is ready: told to whoever asks for its readiness.

use std::borrow::Cow;

use anyhow::bail;
use runtime::Health;
use tokio::sync::watch;

/// What is waited for; none once the arena has the shards that it took first.
#[derive(Debug)]
pub(crate) struct Readiness(watch::Sender<Option<Cow<'static, str>>>);

impl Readiness {
    /// Lets the readiness of the process depend on it.
    pub(crate) fn watch(health: &Health) -> Self {
        let (tell, told) = watch::channel(Some("the market's stream".into()));
        health.watch("shards", move || {
            let waits_for = told.borrow().clone();
            async move {
                match waits_for {
                    Some(what) => bail!("waits for {what}"),
                    None => Ok(()),
                }
            }
        });
        Self(tell)
    }

    /// Says what it waits for, unless it waits no more.
    pub(crate) fn waits_for(&self, what: impl Into<Cow<'static, str>>) {
        self.0.send_if_modified(|waits_for| {
            let waits = waits_for.is_some();
            if waits {
                *waits_for = Some(what.into());
            }
            waits
        });
    }

    /// Says that it waits for nothing, now and later: what moves between arenas afterwards is no
    /// reason to send nobody here.
    pub(crate) fn reached(&self) {
        self.0.send_replace(None);
    }

    /// Whether that was said.
    pub(crate) fn is_reached(&self) -> bool {
        self.0.borrow().is_none()
    }
}
