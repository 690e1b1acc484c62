//! `commands.matcher.join_room`: a place in a room, with the entry fee held.

use std::sync::Arc;

use bus::{Consumer, Delivery, Failure};
use contracts::commands::{JoinRoom, Refused};
use contracts::{Code, Service, Topic};
use domain::id::BattleId;
use domain::room::Command;
use domain::timestamp::Timestamp;
use store::{Tx, room, ticket};

use super::AT_ONCE;
use crate::app::App;
use crate::error::Error;
use crate::notices;
use crate::places::{self, Place};
use crate::rooms::Waiting;

pub(crate) const CONSUMER: Consumer =
    Consumer::new(Service::Matcher, "join_room", &[Topic::JoinRoom]).at_once(AT_ONCE);

pub(crate) async fn handle(app: Arc<App>, delivery: Delivery) -> Result<(), Failure> {
    let command: JoinRoom = delivery.decode()?;
    let now = app.exchange.now();
    let join = async |tx: &Tx| join(tx, &command, now).await;
    app.carry_out(&delivery, &command, join).await?;
    // It may be full now.
    app.joined.notify_one();
    Ok(())
}

async fn join(
    tx: &Tx,
    command: &JoinRoom,
    now: Timestamp,
) -> Result<Result<BattleId, Refused>, Error> {
    let (player, battle) = (command.caller.user, command.battle);
    let Some(room) = room::find(tx, battle).await? else {
        return Ok(Err(Refused::new(Code::MatchNotFound)));
    };
    ticket::lock_place(tx, player, room.game).await?;
    let waiting = match Waiting::lock(tx, battle).await? {
        Ok(waiting) => waiting,
        Err(refused) => return Ok(Err(refused)),
    };
    let wish = Command::Join {
        player,
        invite_code: command.invite_code.as_deref(),
    };
    match waiting.decide(wish) {
        Ok(events) if events.is_empty() => return Ok(Ok(battle)),
        Ok(_) => {}
        Err(refused) => return Ok(Err(refused)),
    }
    if ticket::find_queued(tx, player, room.game).await?.is_some() {
        return Ok(Err(Refused::new(Code::AlreadyWaiting)));
    }
    let place = Place::in_room(&room, command.ticket, player);
    if let Err(refused) = places::take(tx, &place, now).await? {
        return Ok(Err(refused));
    }
    let members = waiting.members().into_iter().chain([player]).collect();
    tx.announce_all(&notices::room_changed(battle, members)?)
        .await?;
    Ok(Ok(battle))
}
