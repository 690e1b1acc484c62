//! `matchmaking.add`: a ticket for the queue of a game, with the entry fee held. A join that is not
//! done in time is void, and charges nothing: by then its player was told that it failed.

use std::sync::Arc;

use bus::{Consumer, Delivery, Failure};
use contracts::commands::{Answer, Refused};
use contracts::matchmaking::{Add, Queued};
use contracts::{Service, Topic};
use domain::timestamp::Timestamp;
use store::{Tx, ticket};

use crate::app::App;
use crate::error::Error;
use crate::places::{self, Place};

/// How many joins are handled at once. Those against which nothing speaks are done together; two of
/// one player wait for each other in the database.
const AT_ONCE: usize = 128;

/// How many of the last players who were matched tell how long the next one waits.
pub(crate) const ESTIMATED_BY: u32 = 50;

pub(crate) const CONSUMER: Consumer =
    Consumer::new(Service::Matcher, "join", &[Topic::MatchmakingAdd]).at_once(AT_ONCE);

pub(crate) async fn handle(app: Arc<App>, delivery: Delivery) -> Result<(), Failure> {
    let add: Add = delivery.decode()?;
    if let Some(value) = app.joins.join(&add).await {
        let answer = Answer::Done { value };
        app.bus.answer(delivery.answer_to.as_deref(), &answer);
        app.joined.notify_one();
        return Ok(());
    }
    let join = async |tx: &Tx| join(tx, &add, app.exchange.now()).await;
    app.carry_out(&delivery, &add, join).await?;
    app.joined.notify_one();
    Ok(())
}

async fn join(tx: &Tx, add: &Add, now: Timestamp) -> Result<Result<Queued, Refused>, Error> {
    ticket::lock_place(tx, add.player, add.game).await?;
    if let Some(waiting) = ticket::find_queued(tx, add.player, add.game).await? {
        // Locked, for it may be just ending.
        if !ticket::lock_queued(tx, &[waiting.id]).await?.is_empty() {
            return Ok(Ok(Queued { ticket: waiting.id }));
        }
    }
    let game = match places::find_game(tx, add.game).await? {
        Ok(game) => game,
        Err(refused) => return Ok(Err(refused)),
    };
    let estimate = ticket::estimate(tx, game.id, ESTIMATED_BY).await?;
    let place = Place::in_queue(&game, add.ticket, add.player, now, estimate);
    let ticket = places::take(tx, &place, now).await?;
    Ok(ticket.map(|ticket| Queued { ticket }))
}
