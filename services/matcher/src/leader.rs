//! The one process that watches the clock: it opens and expires what is due, ends trading, and
//! settles what nobody told it of. A standby takes over when its lease lapses; that two of them
//! work at once for a moment harms nothing, for every change is locked and checked.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use bus::{Listener, Moment};
use domain::id::{BattleId, PartyId};
use domain::timestamp::Timestamp;
use metrics::gauge;
use store::lease::Lease;
use store::{battle, lease, party, room};
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

use crate::app::App;
use crate::error::Error;
use crate::queues::Queues;
use crate::settings::Leader;
use crate::settlement::{end_trading, settle};
use crate::{cancel, parties, rooms};

const UNSETTLED: &str = "matcher_battles_unsettled";

/// The duty's name.
const DUTY: &str = "leader";
/// How often a standby asks whether the duty is free.
const STANDBY_POLL: Duration = Duration::from_millis(500);
/// The lease is renewed this many times before it would lapse.
const RENEWALS: u32 = 4;
/// How many battles, rooms or parties are looked up at once.
const BATCH: u32 = 100;
/// How long something is left alone that could not be done, at first and at the most, in milliseconds.
const RETRY_MS: i64 = 1_000;
const MAX_RETRY_MS: i64 = 60_000;

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
    gauge!(UNSETTLED).set(0);
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
    over: Stuck<BattleId>,
    rooms: Stuck<BattleId>,
    sealed: Stuck<BattleId>,
    lost: Stuck<BattleId>,
    parties: Stuck<PartyId>,
    looked_for_results: Option<Instant>,
}

/// What something could not be done with, and when it is tried again: after twice as long each time.
/// Meanwhile it is not even looked up: as many as are looked up at once would hold up all others.
struct Stuck<I>(BTreeMap<I, Wait>);

struct Wait {
    again: Timestamp,
    ms: i64,
}

impl<I: Copy + Ord> Stuck<I> {
    /// What is left alone at `now`.
    fn at(&mut self, now: Timestamp) -> Vec<I> {
        // Somebody else may have done it.
        self.0
            .retain(|_, wait| wait.again.plus_ms(MAX_RETRY_MS) > now);
        let waiting = self.0.iter().filter(|(_, wait)| wait.again > now);
        waiting.map(|(id, _)| *id).collect()
    }

    /// Notes whether it could be done at `now`.
    fn note(&mut self, id: I, now: Timestamp, is_done: bool) {
        if is_done {
            self.0.remove(&id);
            return;
        }
        let before = self.0.get(&id).map(|wait| wait.ms.saturating_mul(2));
        let ms = before.map_or(RETRY_MS, |ms| ms.min(MAX_RETRY_MS));
        let again = now.plus_ms(ms);
        self.0.insert(id, Wait { again, ms });
    }
}

impl<I> Default for Stuck<I> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl Rounds {
    fn new(settings: Leader) -> Self {
        Self {
            settings,
            queues: Queues::default(),
            over: Stuck::default(),
            rooms: Stuck::default(),
            sealed: Stuck::default(),
            lost: Stuck::default(),
            parties: Stuck::default(),
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
        self.look_after_rooms(app, moment).await?;
        let next = self.queues.run(app, moment).await?;
        let interval = self.settings.settle_poll_ms.duration();
        if self
            .looked_for_results
            .is_none_or(|last| last.elapsed() >= interval)
        {
            self.looked_for_results = Some(Instant::now());
            self.settle_sealed(app, moment.now).await?;
            self.cancel_lost(app, moment.now).await?;
            self.end_parties(app, moment.now).await?;
        }
        Ok(next.map(|next| until(moment.now, next)))
    }

    /// Ends the trading of battles whose time is up. One that cannot be must not hold up others, and
    /// no queue; here as below.
    async fn end_over(&mut self, app: &App, now: Timestamp) -> Result<(), Error> {
        let stuck = self.over.at(now);
        for battle in battle::list_over(&app.db, now, &stuck, BATCH).await? {
            let done = end(app, battle, now).await;
            self.over.note(battle, now, done.is_ok());
            if let Err(error) = done {
                tracing::error!(%battle, %error, cause = ?error, "a battle cannot be ended");
            }
        }
        Ok(())
    }

    /// Opens rooms that are full and gives up those whose time is over.
    async fn look_after_rooms(&mut self, app: &App, moment: Moment) -> Result<(), Error> {
        let stuck = self.rooms.at(moment.now);
        for battle in room::list_due(&app.db, moment.now, &stuck, BATCH).await? {
            let done = rooms::do_due(app, battle, moment).await;
            self.rooms.note(battle, moment.now, done.is_ok());
            if let Err(error) = done {
                tracing::error!(%battle, %error, cause = ?error, "a room is stuck");
            }
        }
        Ok(())
    }

    /// Settles what is sealed and was not settled.
    async fn settle_sealed(&mut self, app: &App, now: Timestamp) -> Result<(), Error> {
        let stuck = self.sealed.at(now);
        for battle in battle::list_sealed(&app.db, &stuck, BATCH).await? {
            let done = settle(app, battle).await;
            self.sealed.note(battle, now, done.is_ok());
            if let Err(error) = done {
                tracing::error!(%battle, %error, cause = ?error, "a sealed battle cannot be settled");
            }
        }
        let stuck = u32::try_from(self.sealed.0.len()).unwrap_or(u32::MAX);
        gauge!(UNSETTLED).set(f64::from(stuck));
        Ok(())
    }

    /// Cancels what an operator has given up.
    async fn cancel_lost(&mut self, app: &App, now: Timestamp) -> Result<(), Error> {
        let stuck = self.lost.at(now);
        for battle in battle::list_lost(&app.db, &stuck, BATCH).await? {
            let done = cancel::cancel_lost(app, battle).await;
            self.lost.note(battle, now, done.is_ok());
            if let Err(error) = done {
                tracing::error!(%battle, %error, cause = ?error, "a lost battle cannot be canceled");
            }
        }
        Ok(())
    }

    /// Ends parties in which nothing happens.
    async fn end_parties(&mut self, app: &App, now: Timestamp) -> Result<(), Error> {
        let stuck = self.parties.at(now);
        for party in party::list_over(&app.db, now, &stuck, BATCH).await? {
            let done = parties::end(app, party, now).await;
            self.parties.note(party, now, done.is_ok());
            if let Err(error) = done {
                tracing::error!(%party, %error, cause = ?error, "a party cannot be ended");
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

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: i64) -> Timestamp {
        Timestamp::from_ms(ms)
    }

    #[test]
    fn what_cannot_be_done_is_tried_more_and_more_seldom() {
        let (mut stuck, mut tried) = (Stuck::default(), Vec::new());
        for second in 0..400 {
            let now = at(second * 1_000);
            if stuck.at(now).is_empty() {
                tried.push(second);
                stuck.note(1, now, false);
            }
        }
        let waits: Vec<i64> = tried.windows(2).map(|two| two[1] - two[0]).collect();
        assert_eq!(waits, [1, 2, 4, 8, 16, 32, 60, 60, 60, 60, 60]);
        stuck.note(1, at(400_000), true);
        stuck.note(1, at(400_000), false);
        assert_eq!(stuck.at(at(400_999)), [1]);
        assert_eq!(stuck.at(at(401_000)), [0; 0], "it begins anew");
    }

    #[test]
    fn however_many_cannot_be_done_and_however_seldom_one_looks_all_others_are() {
        let (mut stuck, mut waiting) = (Stuck::default(), (0..500).collect::<Vec<i32>>());
        for look in 0..100 {
            let now = at(look * 5_000);
            let left = stuck.at(now);
            let found = waiting.iter().copied().filter(|id| !left.contains(id));
            let found: Vec<i32> = found.take(100).collect();
            for id in found {
                let is_done = id >= 400;
                stuck.note(id, now, is_done);
                waiting.retain(|it| *it != id || !is_done);
            }
        }
        assert_eq!(waiting.len(), 400);
    }
}
