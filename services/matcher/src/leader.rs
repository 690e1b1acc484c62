//! The one process that watches the clock: it opens and expires what is due, ends trading, and
//! settles what nobody told it of. A standby takes over when its lease lapses; that two of them
//! work at once for a moment harms nothing, for every change is locked and checked.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use bus::{Listener, Moment};
use domain::id::BattleId;
use domain::timestamp::Timestamp;
use metrics::gauge;
use store::lease::Lease;
use store::{battle, lease, room};
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

use crate::app::App;
use crate::error::Error;
use crate::queues::Queues;
use crate::rooms;
use crate::settings::Leader;
use crate::settlement::{end_trading, settle};

/// The duty's name.
const DUTY: &str = "leader";
/// How often a standby asks whether the duty is free.
const STANDBY_POLL: Duration = Duration::from_millis(500);
/// The lease is renewed this many times before it would lapse.
const RENEWALS: u32 = 4;
/// How many battles are ended or settled in one round.
const BATCH: u32 = 100;
/// How long a battle is left alone after ending it failed, in milliseconds.
const RETRY_MS: i64 = 1_000;

/// Leads whenever nobody else does, until `shutdown`.
pub(crate) async fn run(
    app: Arc<App>,
    settings: Leader,
    owner: String,
    shutdown: CancellationToken,
) -> anyhow::Result<()> {
    while !shutdown.is_cancelled() {
        match lease::try_take(&app.db, DUTY, &owner, settings.lease_ms.duration()).await {
            Ok(Some(lease)) => lead(&app, settings, &lease, &shutdown).await,
            Ok(None) => {}
            Err(error) => tracing::warn!(%error, "the lease cannot be taken"),
        }
        shutdown.run_until_cancelled(sleep(STANDBY_POLL)).await;
    }
    Ok(())
}

/// Leads until the shutdown or until the lease is lost.
async fn lead(app: &App, settings: Leader, lease: &Lease, shutdown: &CancellationToken) {
    tracing::info!(epoch = lease.epoch, "leading");
    gauge!("matcher_leads").set(1);
    let ttl = settings.lease_ms.duration();
    let mut rounds = Rounds::new(settings);
    let mut renewed = Instant::now();
    while !shutdown.is_cancelled() {
        if renewed.elapsed() >= ttl / RENEWALS {
            match lease::renew(&app.db, lease, ttl).await {
                Ok(true) => renewed = Instant::now(),
                Ok(false) => break,
                Err(error) => tracing::warn!(%error, "the lease is not renewed"),
            }
        }
        let pause = rounds.run(app).await;
        tokio::select! {
            () = shutdown.cancelled() => {}
            () = app.joined.notified() => {}
            () = sleep(pause) => {}
        }
    }
    gauge!("matcher_leads").set(0);
    if let Err(error) = lease::release(&app.db, lease).await {
        tracing::warn!(%error, "the lease is not given up");
    }
    tracing::info!(epoch = lease.epoch, "no longer leading");
}

/// Wakes the leader when somebody has joined at another process.
pub(crate) async fn hear_of_places(
    app: Arc<App>,
    mut places: Listener,
    shutdown: CancellationToken,
) -> anyhow::Result<()> {
    while let Some(Some(_)) = shutdown.run_until_cancelled(places.next()).await {
        app.joined.notify_one();
    }
    Ok(())
}

/// What a leader does again and again.
struct Rounds {
    settings: Leader,
    queues: Queues,
    /// Battles that could not be ended, and when they are tried again.
    stuck: BTreeMap<BattleId, Timestamp>,
    looked_for_results: Option<Instant>,
}

impl Rounds {
    fn new(settings: Leader) -> Self {
        Self {
            settings,
            queues: Queues::default(),
            stuck: BTreeMap::new(),
            looked_for_results: None,
        }
    }

    /// Does what is due. Answers how long nothing will be, as far as is known.
    async fn run(&mut self, app: &App) -> Duration {
        let longest = self.settings.poll_ms.duration();
        match self.round(app).await {
            Ok(Some(pause)) => pause.min(longest),
            Ok(None) => longest,
            Err(error) => {
                tracing::warn!(%error, cause = ?error, "a round of the leader failed");
                longest
            }
        }
    }

    async fn round(&mut self, app: &App) -> Result<Option<Duration>, Error> {
        let moment = app.exchange.read();
        self.end_over(app, moment.now).await?;
        look_after_rooms(app, moment).await?;
        let next = self.queues.run(app, moment).await?;
        let interval = self.settings.settle_poll_ms.duration();
        if self
            .looked_for_results
            .is_none_or(|last| last.elapsed() >= interval)
        {
            self.looked_for_results = Some(Instant::now());
            settle_sealed(app).await?;
        }
        Ok(next.map(|next| until(moment.now, next)))
    }

    /// Ends the trading of battles whose time is up. One battle that cannot be must not hold up
    /// others, and no queue.
    async fn end_over(&mut self, app: &App, now: Timestamp) -> Result<(), Error> {
        self.stuck.retain(|_, again| *again > now);
        for battle in battle::list_over(&app.db, now, BATCH).await? {
            if self.stuck.contains_key(&battle) {
                continue;
            }
            if let Err(error) = end(app, battle, now).await {
                tracing::error!(%battle, %error, cause = ?error, "a battle cannot be ended");
                self.stuck.insert(battle, now.plus_ms(RETRY_MS));
            }
        }
        Ok(())
    }
}

fn until(now: Timestamp, next: Timestamp) -> Duration {
    let ms = next.ms().saturating_sub(now.ms());
    Duration::from_millis(u64::try_from(ms).unwrap_or(0))
}

/// Ends the trading of a battle, and settles it at once where the arena was faster.
async fn end(app: &App, battle: BattleId, now: Timestamp) -> Result<(), Error> {
    if end_trading(app, battle, now).await? {
        tracing::info!(%battle, "trading has ended");
        settle(app, battle).await?;
    }
    Ok(())
}

/// Opens rooms that are full and gives up those whose time is over. One that cannot be must not
/// hold up others.
async fn look_after_rooms(app: &App, moment: Moment) -> Result<(), Error> {
    for battle in room::list_due(&app.db, moment.now, BATCH).await? {
        if let Err(error) = rooms::do_due(app, battle, moment).await {
            tracing::error!(%battle, %error, cause = ?error, "a room is stuck");
        }
    }
    Ok(())
}

/// Settles what is sealed and was not settled. One battle that cannot be must not hold up others.
async fn settle_sealed(app: &App) -> Result<(), Error> {
    let mut stuck = 0_u32;
    for battle in battle::list_sealed(&app.db, BATCH).await? {
        if let Err(error) = settle(app, battle).await {
            tracing::error!(%battle, %error, cause = ?error, "a sealed battle cannot be settled");
            stuck += 1;
        }
    }
    gauge!("matcher_battles_unsettled").set(f64::from(stuck));
    Ok(())
}
