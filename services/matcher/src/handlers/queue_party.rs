//! `commands.matcher.queue_party`: places in the queue of a free game for a whole party, or for
//! nobody.

use std::sync::Arc;

use bus::{Consumer, Delivery, Failure};
use contracts::commands::{QueueParty, Refused};
use contracts::{Code, Service, Topic};
use domain::id::GameId;
use domain::party::may_queue;
use domain::timestamp::Timestamp;
use store::{Tx, ticket};

use super::AT_ONCE;
use crate::app::App;
use crate::error::Error;
use crate::handlers::join::ESTIMATED_BY;
use crate::parties::{Locked, Places};
use crate::places;

pub(crate) const CONSUMER: Consumer =
    Consumer::new(Service::Matcher, "queue_party", &[Topic::QueueParty]).at_once(AT_ONCE);

pub(crate) async fn handle(app: Arc<App>, delivery: Delivery) -> Result<(), Failure> {
    let command: QueueParty = delivery.decode()?;
    let now = app.exchange.now();
    let queue = async |tx: &Tx| queue(tx, &command, now).await;
    app.carry_out(&delivery, &command, queue).await?;
    app.joined.notify_one();
    Ok(())
}

async fn queue(
    tx: &Tx,
    command: &QueueParty,
    now: Timestamp,
) -> Result<Result<GameId, Refused>, Error> {
    let found = match Locked::led_by(tx, command.caller.user).await? {
        Ok(found) => found,
        Err(refused) => return Ok(Err(refused)),
    };
    found.lock_places(tx, command.game).await?;
    if found.waits(tx, command.game).await? {
        return Ok(Ok(command.game));
    }
    let game = match places::find_game(tx, command.game).await? {
        Ok(game) => game,
        Err(refused) => return Ok(Err(refused)),
    };
    if !may_queue(&game.template) {
        return Ok(Err(Refused::new(Code::PartiesNotAllowed)));
    }
    let members = &found.party.members;
    if u32::try_from(members.len()).is_ok_and(|size| size > game.template.max_players) {
        return Ok(Err(Refused::new(Code::PartyTooLarge)));
    }
    let common = Places {
        ticket: command.ticket,
        game: game.id,
        version: game.version,
        template: &game.template,
        expires_at: now.plus_ms(game.template.queue_ttl_ms),
        room: None,
        estimate: ticket::estimate(tx, game.id, ESTIMATED_BY).await?,
    };
    found.renew(tx, now).await?;
    let taken = found.take(tx, members, &common, now).await?;
    Ok(taken.map(|()| game.id))
}
