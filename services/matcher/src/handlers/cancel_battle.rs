//! `commands.matcher.cancel_battle`: calls a battle off.

use std::sync::Arc;

use bus::{Consumer, Delivery, Failure};
use contracts::commands::CancelBattle;
use contracts::{Service, Topic};
use store::Tx;

use crate::app::App;
use crate::cancel::cancel;

pub(crate) const CONSUMER: Consumer =
    Consumer::new(Service::Matcher, "cancel_battle", &[Topic::CancelBattle]);

pub(crate) async fn handle(app: Arc<App>, delivery: Delivery) -> Result<(), Failure> {
    let command: CancelBattle = delivery.decode()?;
    let now = app.exchange.now();
    let cancel = async |tx: &Tx| cancel(tx, command.battle, now).await;
    app.carry_out(&delivery, &command, cancel).await
}
