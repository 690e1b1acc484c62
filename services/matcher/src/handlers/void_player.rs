//! `commands.matcher.void_player`: makes a player's result of a closed battle void.

use std::sync::Arc;

use bus::{Consumer, Delivery, Failure};
use contracts::commands::VoidPlayer;
use contracts::{Service, Topic};
use store::Tx;

use crate::app::App;
use crate::revision::void_player;

pub(crate) const CONSUMER: Consumer =
    Consumer::new(Service::Matcher, "void_player", &[Topic::VoidPlayer]);

pub(crate) async fn handle(app: Arc<App>, delivery: Delivery) -> Result<(), Failure> {
    let command: VoidPlayer = delivery.decode()?;
    let now = app.exchange.now();
    let items_expire_at = now.plus_ms(app.rewards.item_ttl_days.ms());
    let void = async |tx: &Tx| void_player(tx, &command, items_expire_at).await;
    app.carry_out(&delivery, &command, void).await
}
