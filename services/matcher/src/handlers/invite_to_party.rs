//! `commands.matcher.invite_to_party`: lets a friend come into one's party, which this makes for
//! whoever has none.

use std::sync::Arc;

use bus::{Consumer, Delivery, Failure};
use contracts::commands::{InviteToParty, Refused};
use contracts::{Service, Topic};
use domain::id::PartyId;
use domain::party::{Command, Event, Party};
use domain::timestamp::Timestamp;
use store::{Tx, party};

use super::AT_ONCE;
use crate::app::App;
use crate::error::Error;
use crate::parties::{Locked, are_friends, expiry, tell_of_invitation};

pub(crate) const CONSUMER: Consumer =
    Consumer::new(Service::Matcher, "invite_to_party", &[Topic::InviteToParty]).at_once(AT_ONCE);

pub(crate) async fn handle(app: Arc<App>, delivery: Delivery) -> Result<(), Failure> {
    let command: InviteToParty = delivery.decode()?;
    let now = app.exchange.now();
    let invite = async |tx: &Tx| invite(tx, &command, now).await;
    app.carry_out(&delivery, &command, invite).await
}

async fn invite(
    tx: &Tx,
    command: &InviteToParty,
    now: Timestamp,
) -> Result<Result<PartyId, Refused>, Error> {
    let (by, player) = (command.caller.user, command.player);
    party::lock_player(tx, by).await?;
    let found = match party::find_of(tx, by).await? {
        Some(found) => Locked::find(tx, found).await?,
        None => {
            party::insert(tx, command.party, by, expiry(now)).await?;
            Ok(Locked {
                id: command.party,
                party: Party::of(by),
            })
        }
    };
    let found = match found {
        Ok(found) => found,
        Err(refused) => return Ok(Err(refused)),
    };
    let wish = Command::Invite {
        by,
        player,
        is_friend: are_friends(tx, by, player).await?,
    };
    match found.change(tx, wish, now).await? {
        Ok(Some(Event::Invited { .. })) => {
            if let Some(name) = &command.name {
                tell_of_invitation(tx, found.id, player, name).await?;
            }
            Ok(Ok(found.id))
        }
        Ok(_) => Ok(Ok(found.id)),
        Err(refused) => Ok(Err(refused)),
    }
}
