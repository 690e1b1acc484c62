//! `matchmaking.leave`: gives a ticket and its fee back, unless a battle has opened with it. A party
//! that waits goes as a whole.

use std::sync::Arc;

use bus::{Consumer, Delivery, Failure};
use contracts::commands::Refused;
use contracts::matchmaking::{Leave, PlaceStatus};
use contracts::{Code, Service, Topic};
use domain::id::GameId;
use store::ticket::Ticket;
use store::{Tx, seat, ticket};

use super::AT_ONCE;
use crate::app::App;
use crate::error::Error;
use crate::expiry::release;
use crate::parties;

pub(crate) const CONSUMER: Consumer =
    Consumer::new(Service::Matcher, "leave", &[Topic::MatchmakingLeave]).at_once(AT_ONCE);

pub(crate) async fn handle(app: Arc<App>, delivery: Delivery) -> Result<(), Failure> {
    let command: Leave = delivery.decode()?;
    let leave = async |tx: &Tx| leave(tx, &command).await;
    app.carry_out(&delivery, &command, leave).await
}

async fn leave(tx: &Tx, command: &Leave) -> Result<Result<GameId, Refused>, Error> {
    ticket::lock_place(tx, command.player, command.game).await?;
    let waiting = ticket::find_queued(tx, command.player, command.game).await?;
    // A place in a room is given up there.
    let locked = match waiting.filter(|waiting| waiting.room.is_none()) {
        Some(Ticket {
            party: Some(party), ..
        }) => parties::lock_queued(tx, party, Some(command.game)).await?,
        Some(waiting) => ticket::lock_queued(tx, &[waiting.id]).await?,
        None => Vec::new(),
    };
    if !locked.is_empty() {
        release(tx, &locked, PlaceStatus::Left).await?;
        return Ok(Ok(command.game));
    }
    let plays = seat::plays(tx, command.player, command.game).await?;
    let code = if plays {
        Code::AlreadyOpen
    } else {
        Code::NotInQueue
    };
    Ok(Err(Refused::new(code)))
}
