//! `commands.treasury.create_wallet`: an account of a currency.

use bus::{Consumer, Delivery, Failure};
use contracts::commands::{CreateWallet, Refused};
use contracts::{Code, Service, Topic};
use domain::ledger::Account;
use domain::money::Currency;
use store::{Tx, ledger};

use crate::app::App;

pub(crate) const CONSUMER: Consumer =
    Consumer::new(Service::Treasury, "create_wallet", &[Topic::CreateWallet]);

pub(crate) async fn handle(app: App, delivery: Delivery) -> Result<(), Failure> {
    let command: CreateWallet = delivery.decode()?;
    let create = async |tx: &Tx| create(tx, &command).await;
    bus::carry_out(
        &app.bus,
        &app.db,
        Service::Treasury,
        &delivery,
        &command,
        create,
    )
    .await
}

async fn create(tx: &Tx, command: &CreateWallet) -> store::Result<Result<Currency, Refused>> {
    let account = Account::user(command.caller.user, command.currency.into());
    let opened = ledger::open(tx, &account).await?;
    Ok(opened
        .then_some(command.currency)
        .ok_or_else(|| Refused::new(Code::WalletExists)))
}
