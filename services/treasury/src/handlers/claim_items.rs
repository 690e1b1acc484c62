//! `commands.treasury.claim_items`: uses of an item for nothing, in development mode.

use bus::{Consumer, Delivery, Failure};
use contracts::commands::{ClaimItems, Refused};
use contracts::{Code, Service, Topic};
use domain::ledger::{Account, Unit};
use domain::timestamp::Timestamp;
use store::{Tx, ledger};

use crate::app::App;
use crate::claim::Claim;
use crate::error::Error;

const KIND: &str = "claimed_items";

/// One claim at a time over all replicas: two of one user cannot both pass under the cap.
pub(crate) const CONSUMER: Consumer =
    Consumer::new(Service::Treasury, "claim_items", &[Topic::ClaimItems]);

pub(crate) async fn handle(app: App, delivery: Delivery) -> Result<(), Failure> {
    let command: ClaimItems = delivery.decode()?;
    let give = async |tx: &Tx| give(&app, tx, &command).await;
    bus::carry_out(
        &app.bus,
        &app.db,
        Service::Treasury,
        &delivery,
        &command,
        give,
    )
    .await
}

/// Answers how many uses were given.
async fn give(app: &App, tx: &Tx, command: &ClaimItems) -> Result<Result<u32, Refused>, Error> {
    let most = app.items.claim();
    if !(1..=most).contains(&command.uses) {
        let expected = format!("expected 1 to {most} uses");
        return Ok(Err(Refused::of_field(Code::BadUserInput, "uses", expected)));
    }
    let (caller, unit) = (command.caller, Unit::from(command.kind));
    let expires_at = Timestamp::from_ms(app.clock.now_ms()).plus_ms(app.items.ttl_ms());
    let claim = Claim {
        caller,
        kind: KIND,
        account: Account::lot(caller.user, unit, Some(expires_at)),
        amount: i64::from(command.uses),
        cap: i64::from(app.items.cap()),
    };
    let claimed = ledger::received(tx, caller.user, unit, KIND).await?;
    let transfers = match claim.decide(app.mode, claimed) {
        Ok(transfers) => transfers,
        Err(refused) => return Ok(Err(refused)),
    };
    ledger::post(tx, &transfers).await??;
    Ok(Ok(command.uses))
}
