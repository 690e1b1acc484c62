//! `commands.treasury.create_wallet`: an account of a currency, with an address to deposit to where
//! there is a chain.

use bus::{Consumer, Delivery, Failure};
use contracts::commands::{CreateWallet, Refused};
use contracts::{Code, Service, Topic};
use domain::ledger::Account;
use domain::money::Currency;
use store::{Tx, ledger};

use crate::addresses;
use crate::app::App;
use crate::error::Error;

pub(crate) const CONSUMER: Consumer =
    Consumer::new(Service::Treasury, "create_wallet", &[Topic::CreateWallet]);

pub(crate) async fn handle(app: App, delivery: Delivery) -> Result<(), Failure> {
    let command: CreateWallet = delivery.decode()?;
    let create = async |tx: &Tx| create(&app, tx, &command).await;
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

async fn create(
    app: &App,
    tx: &Tx,
    command: &CreateWallet,
) -> Result<Result<Currency, Refused>, Error> {
    let (user, currency) = (command.caller.user, command.currency);
    let opened = ledger::open(tx, &Account::user(user, currency.into())).await?;
    if let Some(custody) = &app.custody {
        addresses::assign(tx, custody, user, currency).await?;
    }
    Ok(opened
        .then_some(command.currency)
        .ok_or_else(|| Refused::new(Code::WalletExists)))
}
