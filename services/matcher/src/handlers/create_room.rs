//! `commands.matcher.create_room`: a room, with a place in it for a player who makes one.

use std::sync::Arc;

use bus::{Consumer, Delivery, Failure};
use contracts::commands::{CreateRoom, Refused};
use contracts::{Code, Service, Topic};
use domain::id::BattleId;
use domain::room::{ROOM_TTL_MS, players_may_make};
use domain::timestamp::Timestamp;
use store::entity::battle::BattleStatus;
use store::room::{self, Room};
use store::{Tx, ticket};

use super::AT_ONCE;
use crate::app::App;
use crate::error::Error;
use crate::places::{self, Place};
use crate::{notices, rooms};

pub(crate) const CONSUMER: Consumer =
    Consumer::new(Service::Matcher, "create_room", &[Topic::CreateRoom]).at_once(AT_ONCE);

pub(crate) async fn handle(app: Arc<App>, delivery: Delivery) -> Result<(), Failure> {
    let command: CreateRoom = delivery.decode()?;
    let now = app.exchange.now();
    let create = async |tx: &Tx| create(tx, &command, now).await;
    app.carry_out(&delivery, &command, create).await
}

async fn create(
    tx: &Tx,
    command: &CreateRoom,
    now: Timestamp,
) -> Result<Result<BattleId, Refused>, Error> {
    let creator = command.caller.user;
    ticket::lock_place(tx, creator, command.game).await?;
    let game = match places::find_game(tx, command.game).await? {
        Ok(game) => game,
        Err(refused) => return Ok(Err(refused)),
    };
    let room = Room {
        battle: command.battle,
        game: game.id,
        version: game.version,
        template: game.template,
        creator,
        ranked: command.official,
        invite_code: command.private.then(rooms::mint_invite_code),
        expires_at: now.plus_ms(ROOM_TTL_MS),
        status: BattleStatus::Waiting,
    };
    room::insert(tx, &room).await?;
    let mut members = Vec::new();
    if !command.official {
        if !players_may_make(&room.template) {
            return Ok(Err(Refused::new(Code::RoomsNotAllowed)));
        }
        if ticket::find_queued(tx, creator, room.game).await?.is_some() {
            return Ok(Err(Refused::new(Code::AlreadyWaiting)));
        }
        let place = Place::in_room(&room, command.ticket, creator);
        if let Err(refused) = places::take(tx, &place, now).await? {
            return Ok(Err(refused));
        }
        members.push(creator);
    }
    tx.announce_all(&notices::room_changed(room.battle, members)?)
        .await?;
    Ok(Ok(room.battle))
}
