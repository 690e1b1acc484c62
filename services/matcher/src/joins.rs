//! Joins that come at the same time, done together: one transaction costs as many statements for one
//! of them as for all. Whatever speaks against a join, or holds it up, leaves it to be done alone.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use contracts::Service;
use contracts::commands::Answer;
use contracts::matchmaking::{Add, Queued};
use domain::id::{GameId, TicketId, UserId};
use store::ticket::Estimate;
use store::{Tx, game, outcome, ticket};
use tokio::sync::{Mutex, mpsc, oneshot};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::app::{App, COMMIT_WITHIN};
use crate::error::Error;
use crate::handlers::join::ESTIMATED_BY;
use crate::places::{self, Place};

/// How many joins one transaction does.
const TOGETHER: usize = 64;
/// How many wait to be taken into one.
const WAITING: usize = 1_024;
/// How many of these transactions there are at the same time: while one commits, the next gathers.
pub(crate) const LANES: usize = 2;

/// A join, and where its sender waits; it hears nothing if it is to be done alone.
struct Waiting {
    add: Add,
    done: oneshot::Sender<Queued>,
}

/// Where joins wait for each other.
#[derive(Debug)]
pub(crate) struct Joins {
    sender: mpsc::Sender<Waiting>,
    receiver: Mutex<mpsc::Receiver<Waiting>>,
}

impl Default for Joins {
    fn default() -> Self {
        let (sender, receiver) = mpsc::channel(WAITING);
        Self {
            sender,
            receiver: Mutex::new(receiver),
        }
    }
}

impl Joins {
    /// Joins together with others; none if it is to be done alone.
    pub(crate) async fn join(&self, add: &Add) -> Option<Queued> {
        let (done, joined) = oneshot::channel();
        let waiting = Waiting {
            add: add.clone(),
            done,
        };
        self.sender.send(waiting).await.ok()?;
        joined.await.ok()
    }

    /// Leaves whatever waits, or comes from now on, to be done alone.
    async fn close(&self) {
        let mut receiver = self.receiver.lock().await;
        receiver.close();
        while receiver.try_recv().is_ok() {}
    }

    /// The next that wait, at least one.
    async fn take(&self) -> Vec<Waiting> {
        let mut taken = Vec::with_capacity(TOGETHER);
        self.receiver
            .lock()
            .await
            .recv_many(&mut taken, TOGETHER)
            .await;
        taken
    }
}

/// Does joins together, until `shutdown`.
pub(crate) async fn run(app: Arc<App>, shutdown: CancellationToken) -> anyhow::Result<()> {
    while let Some(waiting) = shutdown.run_until_cancelled(app.joins.take()).await {
        let (adds, done): (Vec<Add>, Vec<_>) =
            waiting.into_iter().map(|it| (it.add, it.done)).unzip();
        let joined = match join_in_time(&app, &adds).await {
            Ok(joined) => joined,
            Err(error) => {
                tracing::warn!(%error, cause = ?error, "joins are done one by one");
                BTreeSet::new()
            }
        };
        for (add, done) in adds.iter().zip(done) {
            if joined.contains(&add.ticket) {
                let ticket = add.ticket;
                if done.send(Queued { ticket }).is_err() {
                    // Whoever has stopped waiting finds the kept outcome.
                    tracing::debug!(%ticket, "nobody waits for a join");
                }
            }
        }
    }
    app.joins.close().await;
    Ok(())
}

/// Joins, unless one of them would be late: those that were done.
async fn join_in_time(app: &App, adds: &[Add]) -> Result<BTreeSet<TicketId>, Error> {
    let in_time: Vec<&Add> = adds.iter().filter(|add| app.left(*add).is_some()).collect();
    let Some(shortest) = in_time.iter().filter_map(|add| app.left(*add)).min() else {
        return Ok(BTreeSet::new());
    };
    // Dropped, it takes everything back.
    let joining = timeout(shortest.saturating_add(COMMIT_WITHIN), join(app, &in_time));
    joining.await.unwrap_or_else(|_elapsed| Ok(BTreeSet::new()))
}

/// Does those that nothing speaks against, in one transaction.
async fn join(app: &App, adds: &[&Add]) -> Result<BTreeSet<TicketId>, Error> {
    let none = BTreeSet::new();
    let (now, tx) = (app.exchange.now(), app.db.begin().await?);
    let free = free_places(&tx, adds).await?;
    let games = games(&tx, &free).await?;
    let place = |add: &&Add| {
        let (game, estimate) = games.get(&add.game)?;
        Some(Place::in_queue(
            game, add.ticket, add.player, now, *estimate,
        ))
    };
    let mut places: Vec<Place<'_>> = free.iter().filter_map(place).collect();
    let poor = places::list_poor(&tx, &places).await?;
    places.retain(|place| !poor.contains(&place.player));
    if places.is_empty() || places::take_all(&tx, &places, now).await?.is_err() {
        return Ok(none);
    }
    let joined: BTreeSet<TicketId> = places.iter().map(|place| place.ticket).collect();
    let done = free.iter().filter(|add| joined.contains(&add.ticket));
    let done: Vec<(&Add, Answer<Queued>)> = done.map(|add| (*add, answer(add))).collect();
    let kept: Vec<_> = done.iter().map(|(add, answer)| (*add, answer)).collect();
    outcome::keep_all(&tx, &kept).await?;
    if done.iter().any(|(add, _)| app.left(*add).is_none()) {
        return Ok(none);
    }
    tx.commit().await?;
    Ok(joined)
}

/// Those that are new, whose players wait nowhere else, and whose places nobody changes just now:
/// they are locked.
async fn free_places<'a>(tx: &Tx, adds: &[&'a Add]) -> Result<Vec<&'a Add>, Error> {
    let place = |add: &&Add| (add.player, add.game);
    let mut seen = BTreeSet::new();
    let mut adds: Vec<&Add> = adds.to_vec();
    adds.retain(|add| seen.insert(place(add)));
    let places: Vec<(UserId, GameId)> = adds.iter().map(place).collect();
    let locked = ticket::try_lock_places(tx, &places).await?;
    let waiting = ticket::list_places(tx, &places).await?;
    let known = outcome::list_known(tx, Service::Matcher, &adds).await?;
    adds.retain(|add| {
        let is_new = !known.contains(&(add.player, add.request));
        is_new && locked.contains(&place(add)) && !waiting.contains(&place(add))
    });
    Ok(adds)
}

/// The games that can be played now, and how long one waits there.
async fn games(
    tx: &Tx,
    adds: &[&Add],
) -> Result<BTreeMap<GameId, (game::Game, Option<Estimate>)>, Error> {
    let wanted: BTreeSet<GameId> = adds.iter().map(|add| add.game).collect();
    let mut games = BTreeMap::new();
    for id in wanted {
        if let Ok(game) = places::find_game(tx, id).await? {
            let estimate = ticket::estimate(tx, id, ESTIMATED_BY).await?;
            games.insert(id, (game, estimate));
        }
    }
    Ok(games)
}

const fn answer(add: &Add) -> Answer<Queued> {
    Answer::Done {
        value: Queued { ticket: add.ticket },
    }
}
