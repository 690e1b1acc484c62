//! `commands.matcher.kick_from_room`: sends a player away from a room, with the fee.

use std::sync::Arc;

use bus::{Consumer, Delivery, Failure};
use contracts::commands::KickFromRoom;
use contracts::{Service, Topic};
use domain::room::Command;
use store::Tx;

use super::AT_ONCE;
use crate::app::App;
use crate::rooms;

pub(crate) const CONSUMER: Consumer =
    Consumer::new(Service::Matcher, "kick_from_room", &[Topic::KickFromRoom]).at_once(AT_ONCE);

pub(crate) async fn handle(app: Arc<App>, delivery: Delivery) -> Result<(), Failure> {
    let command: KickFromRoom = delivery.decode()?;
    let moment = app.exchange.read();
    let wish = Command::Kick {
        by: command.caller.user,
        player: command.player,
    };
    let change = async |tx: &Tx| rooms::change(tx, command.battle, wish, moment).await;
    app.carry_out(&delivery, &command, change).await
}
