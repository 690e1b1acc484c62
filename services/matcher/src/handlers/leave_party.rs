//! `commands.matcher.leave_party`: leaves a party, or says no to an invitation. Without a member it
//! waits in no queue.

use std::sync::Arc;

use bus::{Consumer, Delivery, Failure};
use contracts::commands::{LeaveParty, Refused};
use contracts::{Service, Topic};
use domain::id::PartyId;
use domain::party::Command;
use domain::timestamp::Timestamp;
use store::Tx;

use super::AT_ONCE;
use crate::app::App;
use crate::error::Error;
use crate::parties::Locked;

pub(crate) const CONSUMER: Consumer =
    Consumer::new(Service::Matcher, "leave_party", &[Topic::LeaveParty]).at_once(AT_ONCE);

pub(crate) async fn handle(app: Arc<App>, delivery: Delivery) -> Result<(), Failure> {
    let command: LeaveParty = delivery.decode()?;
    let now = app.exchange.now();
    let leave = async |tx: &Tx| leave(tx, &command, now).await;
    app.carry_out(&delivery, &command, leave).await
}

async fn leave(
    tx: &Tx,
    command: &LeaveParty,
    now: Timestamp,
) -> Result<Result<PartyId, Refused>, Error> {
    let found = match Locked::find(tx, command.party).await? {
        Ok(found) => found,
        Err(refused) => return Ok(Err(refused)),
    };
    let wish = Command::Leave {
        player: command.caller.user,
    };
    let changed = found.change(tx, wish, now).await?;
    Ok(changed.map(|_| found.id))
}
