//! `commands.matcher.join_party`: comes into a party. A party in which one is alone is left for it.

use std::sync::Arc;

use bus::{Consumer, Delivery, Failure};
use contracts::commands::{JoinParty, Refused};
use contracts::{Code, Service, Topic};
use domain::id::PartyId;
use domain::party::Command;
use domain::timestamp::Timestamp;
use store::{Tx, party};

use super::AT_ONCE;
use crate::app::App;
use crate::error::Error;
use crate::parties::{Locked, are_friends};

pub(crate) const CONSUMER: Consumer =
    Consumer::new(Service::Matcher, "join_party", &[Topic::JoinParty]).at_once(AT_ONCE);

pub(crate) async fn handle(app: Arc<App>, delivery: Delivery) -> Result<(), Failure> {
    let command: JoinParty = delivery.decode()?;
    let now = app.exchange.now();
    let join = async |tx: &Tx| join(tx, &command, now).await;
    app.carry_out(&delivery, &command, join).await
}

async fn join(
    tx: &Tx,
    command: &JoinParty,
    now: Timestamp,
) -> Result<Result<PartyId, Refused>, Error> {
    let player = command.caller.user;
    party::lock_player(tx, player).await?;
    let old = party::find_of(tx, player).await?;
    let (found, old) = match lock_both(tx, command.party, old).await? {
        Ok(locked) => locked,
        Err(refused) => return Ok(Err(refused)),
    };
    if let Some(old) = old.filter(|old| old.party.members.contains(&player)) {
        if !old.party.is_only(player) {
            return Ok(Err(Refused::new(Code::AlreadyInParty)));
        }
        if let Err(refused) = old.change(tx, Command::Leave { player }, now).await? {
            return Ok(Err(refused));
        }
    }
    let wish = Command::Join {
        player,
        is_friend: are_friends(tx, found.party.leader, player).await?,
    };
    let changed = found.change(tx, wish, now).await?;
    Ok(changed.map(|_| found.id))
}

/// Locks a party, and the other one that a player is in, if there is one: in one order, so that two
/// who invite each other do not wait for each other.
async fn lock_both(
    tx: &Tx,
    wanted: PartyId,
    old: Option<PartyId>,
) -> Result<Result<(Locked, Option<Locked>), Refused>, Error> {
    let Some(old) = old.filter(|old| *old != wanted) else {
        let found = Locked::find(tx, wanted).await?;
        return Ok(found.map(|found| (found, None)));
    };
    let (first, second) = (old.min(wanted), old.max(wanted));
    let first = Locked::find(tx, first).await?;
    let second = Locked::find(tx, second).await?;
    let (old, found) = if old < wanted {
        (first, second)
    } else {
        (second, first)
    };
    // It may be gone meanwhile; nothing else keeps the player there.
    Ok(found.map(|found| (found, old.ok())))
}
