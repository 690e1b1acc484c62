//! `commands.matcher.leave_room`: gives a place in a room and its fee back.

use std::sync::Arc;

use bus::{Consumer, Delivery, Failure};
use contracts::commands::LeaveRoom;
use contracts::{Service, Topic};
use domain::room::Command;
use store::Tx;

use super::AT_ONCE;
use crate::app::App;
use crate::rooms;

pub(crate) const CONSUMER: Consumer =
    Consumer::new(Service::Matcher, "leave_room", &[Topic::LeaveRoom]).at_once(AT_ONCE);

pub(crate) async fn handle(app: Arc<App>, delivery: Delivery) -> Result<(), Failure> {
    let command: LeaveRoom = delivery.decode()?;
    let moment = app.exchange.read();
    let wish = Command::Leave {
        player: command.caller.user,
    };
    let change = async |tx: &Tx| rooms::change(tx, command.battle, wish, moment).await;
    app.carry_out(&delivery, &command, change).await
}
