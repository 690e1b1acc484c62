//! `commands.matcher.forget_player`: takes a user whose account is closed out of parties, queues and
//! rooms, with the fees, and off the leaderboards. Matches that have opened go on.

use std::sync::Arc;

use bus::{Consumer, Delivery, Failure, Moment};
use contracts::commands::{ForgetPlayer, Refused};
use contracts::matchmaking::PlaceStatus;
use contracts::{Service, Topic};
use domain::id::UserId;
use domain::{party, room};
use store::{Tx, party as parties, season, ticket};

use super::AT_ONCE;
use crate::app::App;
use crate::error::Error;
use crate::expiry::release;
use crate::parties::{Locked, tell_of_change};
use crate::rooms;

pub(crate) const CONSUMER: Consumer =
    Consumer::new(Service::Matcher, "forget_player", &[Topic::ForgetPlayer]).at_once(AT_ONCE);

pub(crate) async fn handle(app: Arc<App>, delivery: Delivery) -> Result<(), Failure> {
    let command: ForgetPlayer = delivery.decode()?;
    let (player, moment) = (command.caller.user, app.exchange.read());
    let forget = async |tx: &Tx| forget(tx, player, moment).await;
    app.carry_out(&delivery, &command, forget).await
}

async fn forget(tx: &Tx, player: UserId, moment: Moment) -> Result<Result<UserId, Refused>, Error> {
    parties::lock_player(tx, player).await?;
    for party in parties::forget_invitations(tx, player).await? {
        tell_of_change(tx, party).await?;
    }
    let found = Locked::with(tx, player).await?;
    let waiting = ticket::list_of_player(tx, player).await?;
    for ticket in &waiting {
        ticket::lock_place(tx, player, ticket.game).await?;
    }
    if let Ok(found) = found {
        let wish = party::Command::Leave { player };
        if let Err(refused) = found.change(tx, wish, moment.now).await? {
            return Ok(Err(refused));
        }
    }
    for waiting in waiting {
        if let Some(battle) = waiting.room {
            let wish = room::Command::Leave { player };
            // One that has opened meanwhile goes on.
            if let Err(refused) = rooms::change(tx, battle, wish, moment).await? {
                tracing::info!(%battle, code = %refused.code, "a closed account stays in a room");
            }
        } else {
            let locked = ticket::lock_queued(tx, &[waiting.id]).await?;
            release(tx, &locked, PlaceStatus::Left).await?;
        }
    }
    season::forget(tx, player).await?;
    Ok(Ok(player))
}
