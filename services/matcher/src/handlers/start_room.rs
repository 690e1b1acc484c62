//! `commands.matcher.start_room`: opens a room with whoever is in it.

use std::sync::Arc;

use bus::{Consumer, Delivery, Failure};
use contracts::commands::StartRoom;
use contracts::{Service, Topic};
use domain::room::Command;
use store::Tx;

use super::AT_ONCE;
use crate::app::App;
use crate::rooms;

pub(crate) const CONSUMER: Consumer =
    Consumer::new(Service::Matcher, "start_room", &[Topic::StartRoom]).at_once(AT_ONCE);

pub(crate) async fn handle(app: Arc<App>, delivery: Delivery) -> Result<(), Failure> {
    let command: StartRoom = delivery.decode()?;
    let moment = app.exchange.read();
    let wish = Command::Start {
        by: command.caller.user,
    };
    let change = async |tx: &Tx| rooms::change(tx, command.battle, wish, moment).await;
    app.carry_out(&delivery, &command, change).await
}
