//! `commands.treasury.claim_play_money`: money for nothing, in development mode.

use bus::{Consumer, Delivery, Failure};
use contracts::commands::{ClaimPlayMoney, Refused};
use contracts::treasury::Posted;
use contracts::{Service, Topic};
use domain::ledger::Account;
use domain::money::{Currency, Money};
use runtime::ids;
use store::{Tx, ledger};

use crate::app::App;
use crate::claim::Claim;
use crate::error::Error;

const KIND: &str = "play_money";

/// One claim at a time over all replicas: two of one user cannot both pass under the cap.
pub(crate) const CONSUMER: Consumer = Consumer::new(
    Service::Treasury,
    "claim_play_money",
    &[Topic::ClaimPlayMoney],
);

pub(crate) async fn handle(app: App, delivery: Delivery) -> Result<(), Failure> {
    let command: ClaimPlayMoney = delivery.decode()?;
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

async fn give(
    app: &App,
    tx: &Tx,
    command: &ClaimPlayMoney,
) -> Result<Result<Currency, Refused>, Error> {
    let (caller, currency) = (command.caller, command.currency);
    let grant = app.play_money.of(currency);
    let account = Account::user(caller.user, currency.into());
    let (amount, cap) = (grant.claim, grant.cap);
    let claim = Claim {
        caller,
        kind: KIND,
        account,
        amount,
        cap,
    };
    let claimed = ledger::received(tx, caller.user, account.unit, KIND).await?;
    let transfers = match claim.decide(app.mode, claimed) {
        Ok(transfers) => transfers,
        Err(refused) => return Ok(Err(refused)),
    };
    ledger::post(tx, &transfers).await??;
    let posted = Posted {
        transfer: claim.given().id(),
        user: caller.user,
        amount: Money {
            minor: amount,
            currency,
        },
        kind: KIND.to_owned(),
    };
    tx.announce(caller.user, 0, ids::mint(), &posted).await?;
    Ok(Ok(currency))
}
