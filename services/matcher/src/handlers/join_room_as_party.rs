//! `commands.matcher.join_room_as_party`: places in a room for a whole party, with the entry fees
//! held, or for nobody. No fee is held of a member who has not agreed to it.

use std::sync::Arc;

use bus::{Consumer, Delivery, Failure};
use contracts::commands::{JoinRoomAsParty, Refused};
use contracts::{Code, Service, Topic};
use domain::id::{BattleId, UserId};
use domain::room::{Command, Refusal, Room};
use domain::timestamp::Timestamp;
use store::{Tx, party, room};

use super::AT_ONCE;
use crate::app::App;
use crate::error::Error;
use crate::notices;
use crate::parties::{Locked, Places, not_ready, tell_of_change};
use crate::rooms::{self, Waiting};

pub(crate) const CONSUMER: Consumer = Consumer::new(
    Service::Matcher,
    "join_room_as_party",
    &[Topic::JoinRoomAsParty],
)
.at_once(AT_ONCE);

pub(crate) async fn handle(app: Arc<App>, delivery: Delivery) -> Result<(), Failure> {
    let command: JoinRoomAsParty = delivery.decode()?;
    let now = app.exchange.now();
    let join = async |tx: &Tx| join(tx, &command, now).await;
    app.carry_out(&delivery, &command, join).await?;
    // It may be full now.
    app.joined.notify_one();
    Ok(())
}

async fn join(
    tx: &Tx,
    command: &JoinRoomAsParty,
    now: Timestamp,
) -> Result<Result<BattleId, Refused>, Error> {
    let battle = command.battle;
    let found = match Locked::led_by(tx, command.caller.user).await? {
        Ok(found) => found,
        Err(refused) => return Ok(Err(refused)),
    };
    let Some(room) = room::find(tx, battle).await? else {
        return Ok(Err(Refused::new(Code::MatchNotFound)));
    };
    found.lock_places(tx, room.game).await?;
    let waiting = match Waiting::lock(tx, battle).await? {
        Ok(waiting) => waiting,
        Err(refused) => return Ok(Err(refused)),
    };
    let coming = match coming(waiting.rules(), &found, command.invite_code.as_deref()) {
        Ok(coming) if coming.is_empty() => return Ok(Ok(battle)),
        Ok(coming) => coming,
        Err(refused) => return Ok(Err(refused)),
    };
    if room.template.entry_fee_minor > 0 && !found.party.pay(&coming, battle) {
        return Ok(Err(not_ready()));
    }
    let common = Places {
        ticket: command.ticket,
        game: room.game,
        version: room.version,
        template: &room.template,
        expires_at: room.expires_at,
        room: Some(battle),
        estimate: None,
    };
    if let Err(refused) = found.take(tx, &coming, &common, now).await? {
        return Ok(Err(refused));
    }
    party::forget_agreed(tx, found.id, battle).await?;
    found.renew(tx, now).await?;
    tell_of_change(tx, found.id).await?;
    let members = waiting.members().into_iter().chain(coming).collect();
    tx.announce_all(&notices::room_changed(battle, members)?)
        .await?;
    Ok(Ok(battle))
}

/// Which members come in: those who are not there already. All of them may, or nobody does.
fn coming(
    mut room: Room,
    found: &Locked,
    invite_code: Option<&str>,
) -> Result<Vec<UserId>, Refused> {
    let mut coming = Vec::new();
    for player in &found.party.members {
        let wish = Command::Join {
            player: *player,
            invite_code,
        };
        let events = room.decide(wish).map_err(|refusal| match refusal {
            // Nobody is to blame for that.
            Refusal::Full => Refused::new(Code::PartyTooLarge),
            // It is the leader who knows it or does not.
            Refusal::WrongInviteCode => Refused::new(Code::InvalidInviteCode),
            Refusal::Kicked | Refusal::NotInRoom | Refusal::NotTheCreator | Refusal::TooFew => {
                found.of(*player, Refused::new(rooms::code(refusal)))
            }
        })?;
        if !events.is_empty() {
            coming.push(*player);
        }
        room = events.into_iter().fold(room, Room::evolve);
    }
    Ok(coming)
}
