//! `matchmaking.add`: a ticket for the queue of a game, with the entry fee held. A join that is not
//! done in time is void, and charges nothing: by then its player was told that it failed.

use std::sync::Arc;
use std::time::Duration;

use bus::{Consumer, Delivery, Failure};
use contracts::commands::Refused;
use contracts::matchmaking::{Add, Queued};
use contracts::{Code, Service, Topic};
use domain::timestamp::Timestamp;
use store::{Tx, ticket};
use tokio::time::timeout;

use crate::app::App;
use crate::error::Error;
use crate::places::{self, Place};

/// How many joins are handled at once. Two of one player wait for each other in the database.
const AT_ONCE: usize = 8;
/// How long past its moment a join that was in time may take to commit. The gateway looks for the
/// outcome for 500 ms past it; this is half of that.
const COMMIT_WITHIN: Duration = Duration::from_millis(250);

/// How many of the last players who were matched tell how long the next one waits.
const ESTIMATED_BY: u32 = 50;

pub(crate) const CONSUMER: Consumer =
    Consumer::new(Service::Matcher, "join", &[Topic::MatchmakingAdd]).at_once(AT_ONCE);

/// Why a join is taken back: it was held up, by locks or by the database.
#[derive(Debug, thiserror::Error)]
#[error("the join was not done in time")]
struct HeldUp;

pub(crate) async fn handle(app: Arc<App>, delivery: Delivery) -> Result<(), Failure> {
    let add: Add = delivery.decode()?;
    let join = async |tx: &Tx| join_in_time(&app, tx, &add).await;
    let joining = app.carry_out(&delivery, &add, join);
    match left(&app, &add) {
        // Dropped, it takes everything back. The next delivery finds that it is too late.
        Some(left) => timeout(left.saturating_add(COMMIT_WITHIN), joining)
            .await
            .map_err(|_elapsed| Failure::retry(HeldUp))??,
        None => joining.await?,
    }
    app.joined.notify_one();
    Ok(())
}

/// How long the join is still of use; none if it is too late.
fn left(app: &App, add: &Add) -> Option<Duration> {
    let left_ms = add.expires_at_ms.saturating_sub(app.wall.now_ms());
    u64::try_from(left_ms).ok().map(Duration::from_millis)
}

/// Joins, unless it is too late before, or behind all locks and right before the commit.
async fn join_in_time(app: &App, tx: &Tx, add: &Add) -> Result<Result<Queued, Refused>, Error> {
    let too_late = || Ok(Err(Refused::new(Code::JoinExpired)));
    if left(app, add).is_none() {
        return too_late();
    }
    let joined = join(tx, add, app.exchange.now()).await?;
    if left(app, add).is_none() {
        return too_late();
    }
    Ok(joined)
}

async fn join(tx: &Tx, add: &Add, now: Timestamp) -> Result<Result<Queued, Refused>, Error> {
    ticket::lock_place(tx, add.player, add.game).await?;
    if let Some(waiting) = ticket::find_queued(tx, add.player, add.game).await? {
        return Ok(Ok(Queued { ticket: waiting.id }));
    }
    let game = match places::find_game(tx, add.game).await? {
        Ok(game) => game,
        Err(refused) => return Ok(Err(refused)),
    };
    let place = Place {
        ticket: add.ticket,
        player: add.player,
        game: game.id,
        version: game.version,
        template: &game.template,
        expires_at: now.plus_ms(game.template.queue_ttl_ms),
        room: None,
        estimate: ticket::estimate(tx, game.id, ESTIMATED_BY).await?,
    };
    let ticket = places::take(tx, &place, now).await?;
    Ok(ticket.map(|ticket| Queued { ticket }))
}
