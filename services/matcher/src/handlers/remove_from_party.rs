//! `commands.matcher.remove_from_party`: sends a member away from the party that the caller leads, or
//! takes an invitation back. Without a member it waits in no queue.

use std::sync::Arc;

use bus::{Consumer, Delivery, Failure};
use contracts::commands::{Refused, RemoveFromParty};
use contracts::{Service, Topic};
use domain::id::PartyId;
use domain::party::Command;
use domain::timestamp::Timestamp;
use store::Tx;

use super::AT_ONCE;
use crate::app::App;
use crate::error::Error;
use crate::parties::Locked;

pub(crate) const CONSUMER: Consumer = Consumer::new(
    Service::Matcher,
    "remove_from_party",
    &[Topic::RemoveFromParty],
)
.at_once(AT_ONCE);

pub(crate) async fn handle(app: Arc<App>, delivery: Delivery) -> Result<(), Failure> {
    let command: RemoveFromParty = delivery.decode()?;
    let now = app.exchange.now();
    let remove = async |tx: &Tx| remove(tx, &command, now).await;
    app.carry_out(&delivery, &command, remove).await
}

async fn remove(
    tx: &Tx,
    command: &RemoveFromParty,
    now: Timestamp,
) -> Result<Result<PartyId, Refused>, Error> {
    let by = command.caller.user;
    let found = match Locked::with(tx, by).await? {
        Ok(found) => found,
        Err(refused) => return Ok(Err(refused)),
    };
    let player = command.player;
    let changed = found
        .change(tx, Command::Remove { by, player }, now)
        .await?;
    Ok(changed.map(|_| found.id))
}
