//! `commands.matcher.agree_to_room`: a member of a party pays the entry fee of a room where its leader
//! takes places there, or of none any more. Nothing is held yet.

use std::sync::Arc;

use bus::{Consumer, Delivery, Failure};
use contracts::commands::{AgreeToRoom, Refused};
use contracts::{Service, Topic};
use domain::id::PartyId;
use domain::timestamp::Timestamp;
use domain::{party, room};
use store::Tx;

use super::AT_ONCE;
use crate::app::App;
use crate::error::Error;
use crate::parties::Locked;
use crate::rooms::Waiting;

pub(crate) const CONSUMER: Consumer =
    Consumer::new(Service::Matcher, "agree_to_room", &[Topic::AgreeToRoom]).at_once(AT_ONCE);

pub(crate) async fn handle(app: Arc<App>, delivery: Delivery) -> Result<(), Failure> {
    let command: AgreeToRoom = delivery.decode()?;
    let now = app.exchange.now();
    let agree = async |tx: &Tx| agree(tx, &command, now).await;
    app.carry_out(&delivery, &command, agree).await
}

async fn agree(
    tx: &Tx,
    command: &AgreeToRoom,
    now: Timestamp,
) -> Result<Result<PartyId, Refused>, Error> {
    let player = command.caller.user;
    let found = match Locked::with(tx, player).await? {
        Ok(found) => found,
        Err(refused) => return Ok(Err(refused)),
    };
    if let Some(battle) = command.battle {
        // To agree is to be let in: whoever could not join alone agrees to nothing.
        let wish = room::Command::Join {
            player,
            invite_code: command.invite_code.as_deref(),
        };
        let waiting = Waiting::lock(tx, battle).await?;
        if let Err(refused) = waiting.and_then(|waiting| waiting.decide(wish)) {
            return Ok(Err(refused));
        }
    }
    let wish = party::Command::Agree {
        player,
        room: command.battle,
    };
    let changed = found.change(tx, wish, now).await?;
    Ok(changed.map(|_| found.id))
}
