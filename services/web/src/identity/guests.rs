//! Connections that last: each ends with the token that it began with, or with its session.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use domain::id::SessionId;
use store::session;
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use super::Pass;
use crate::gateway::Gateway;

/// How often tokens and sessions are looked at: nothing outlives them by more than this and one
/// look-up, which together stay below the second that is promised. All sessions of a process are
/// looked up together.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// Whoever is connected with a token.
#[derive(Default)]
pub(crate) struct Guests(Mutex<Register>);

#[derive(Default)]
struct Register {
    next: u64,
    guests: HashMap<u64, Guest>,
}

struct Guest {
    pass: Pass,
    ended: CancellationToken,
}

/// How long somebody stays connected. Dropping it is going.
pub(crate) struct Stay {
    number: u64,
    ended: CancellationToken,
    guests: Arc<Guests>,
}

impl Drop for Stay {
    fn drop(&mut self) {
        self.guests.register().guests.remove(&self.number);
    }
}

/// Waits until the stay is over; for ever without one.
pub(crate) async fn ended(stay: Option<&Stay>) {
    match stay {
        Some(stay) => stay.ended.cancelled().await,
        None => std::future::pending().await,
    }
}

impl Guests {
    /// Somebody stays, as long as the pass and its session are good.
    pub(crate) fn welcome(self: &Arc<Self>, pass: Pass) -> Stay {
        let mut register = self.register();
        let number = register.next;
        register.next = number.wrapping_add(1);
        let ended = CancellationToken::new();
        let guest = Guest {
            pass,
            ended: ended.clone(),
        };
        register.guests.insert(number, guest);
        Stay {
            number,
            ended,
            guests: Arc::clone(self),
        }
    }

    fn sessions(&self) -> Vec<SessionId> {
        let register = self.register();
        let sessions: HashSet<SessionId> = register
            .guests
            .values()
            .map(|guest| guest.pass.bearer.session)
            .collect();
        sessions.into_iter().collect()
    }

    /// Ends the stays that `is_over` says.
    fn end(&self, is_over: impl Fn(&Pass) -> bool) {
        for guest in self.register().guests.values() {
            if is_over(&guest.pass) {
                guest.ended.cancel();
            }
        }
    }

    fn register(&self) -> MutexGuard<'_, Register> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Sees guests off, until `shutdown`.
pub(crate) async fn see_off(
    gateway: Arc<Gateway>,
    shutdown: CancellationToken,
) -> anyhow::Result<()> {
    let mut looks = interval(LOOK_EVERY);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    while shutdown.run_until_cancelled(looks.tick()).await.is_some() {
        let now_ms = gateway.clock.now_ms();
        gateway.guests.end(|pass| pass.until_ms <= now_ms);
        if let Err(error) = end_revoked(&gateway).await {
            tracing::warn!(%error, "revoked sessions are not looked up");
        }
    }
    Ok(())
}

async fn end_revoked(gateway: &Gateway) -> store::Result<()> {
    let asked = gateway.guests.sessions();
    if asked.is_empty() {
        return Ok(());
    }
    let live: HashSet<SessionId> = session::list_live(&gateway.db, &asked)
        .await?
        .into_iter()
        .collect();
    let gone: HashSet<SessionId> = asked.into_iter().filter(|it| !live.contains(it)).collect();
    gateway
        .guests
        .end(|pass| gone.contains(&pass.bearer.session));
    Ok(())
}
