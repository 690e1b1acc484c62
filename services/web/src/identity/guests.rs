//! Connections that last: each ends with the token that it began with, or with its session, and has
//! the roles that its user has by now.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::Duration;

use contracts::staff::StaffRole;
use domain::id::{SessionId, UserId};
use store::session::{self, Live};
use tokio::time::{Instant, MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use super::Pass;
use super::visitor::read_roles;
use crate::gateway::Gateway;

/// How often tokens, sessions and roles are looked at: nothing outlives them by more than this and one
/// look-up, which together stay below the second that is promised. All sessions of a process are
/// looked up together.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// Whoever is connected with a token.
#[derive(Default)]
pub(crate) struct Guests {
    register: Mutex<Register>,
    looked_up: RwLock<Option<LookedUp>>,
}

#[derive(Default)]
struct Register {
    next: u64,
    guests: HashMap<u64, Guest>,
}

/// What the last look-up found.
struct LookedUp {
    /// When it began.
    at: Instant,
    roles: HashMap<UserId, Vec<StaffRole>>,
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

impl Stay {
    /// Goes on with a newer pass; false if the stay is over, which no pass changes.
    pub(crate) fn renew(&self, pass: Pass) -> bool {
        let mut register = self.guests.register();
        let guest = register.guests.get_mut(&self.number);
        let guest = guest.filter(|guest| !guest.ended.is_cancelled());
        guest.map(|guest| guest.pass = pass).is_some()
    }

    /// Whether it is over.
    pub(crate) fn is_over(&self) -> bool {
        self.ended.is_cancelled()
    }
}

/// Waits until the stay is over; for ever without one.
pub(crate) fn ended(stay: Option<&Stay>) -> impl Future<Output = ()> + use<> {
    let ended = stay.map(|stay| stay.ended.clone());
    async move {
        match ended {
            Some(ended) => ended.cancelled().await,
            None => std::future::pending().await,
        }
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

    fn sessions(&self) -> HashSet<SessionId> {
        let register = self.register();
        let guests = register.guests.values();
        guests.map(|guest| guest.pass.bearer.session).collect()
    }

    /// Ends the stays that `is_over` says.
    fn end(&self, is_over: impl Fn(&Pass) -> bool) {
        for guest in self.register().guests.values() {
            if is_over(&guest.pass) {
                guest.ended.cancel();
            }
        }
    }

    /// The roles of somebody who is connected, if they were looked up after `since`.
    pub(super) fn roles_since(&self, user: UserId, since: Instant) -> Option<Vec<StaffRole>> {
        let looked_up = self
            .looked_up
            .read()
            .unwrap_or_else(PoisonError::into_inner);
        let last = looked_up.as_ref().filter(|it| it.at > since)?;
        last.roles.get(&user).cloned()
    }

    fn keep(&self, looked_up: LookedUp) {
        let mut last = self
            .looked_up
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        *last = Some(looked_up);
    }

    fn register(&self) -> MutexGuard<'_, Register> {
        self.register.lock().unwrap_or_else(PoisonError::into_inner)
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
        if let Err(error) = look_up(&gateway).await {
            tracing::warn!(%error, "revoked sessions and roles are not looked up");
        }
    }
    Ok(())
}

/// Ends the stays of revoked sessions, and keeps the roles of the others.
async fn look_up(gateway: &Gateway) -> store::Result<()> {
    let at = Instant::now();
    let mut gone: HashSet<SessionId> = gateway.guests.sessions();
    if gone.is_empty() {
        return Ok(());
    }
    let asked: Vec<SessionId> = gone.iter().copied().collect();
    let mut found = HashMap::with_capacity(asked.len());
    for (session, Live { user_id, roles }) in session::list_live(&gateway.db, &asked).await? {
        gone.remove(&session);
        found.insert(user_id.into(), read_roles(&roles));
    }
    gateway.guests.keep(LookedUp { at, roles: found });
    gateway
        .guests
        .end(|pass| gone.contains(&pass.bearer.session));
    Ok(())
}
