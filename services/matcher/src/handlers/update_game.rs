//! `commands.matcher.update_game`: a new version of a game's template. Tickets and matches keep
//! theirs.

use std::sync::Arc;

use bus::{Consumer, Delivery, Failure};
use contracts::commands::{Refused, UpdateGame};
use contracts::{Code, Service, Topic};
use domain::id::GameId;
use store::{Tx, game};

use crate::app::App;
use crate::handlers::check;

pub(crate) const CONSUMER: Consumer =
    Consumer::new(Service::Matcher, "update_game", &[Topic::UpdateGame]);

pub(crate) async fn handle(app: Arc<App>, delivery: Delivery) -> Result<(), Failure> {
    let command: UpdateGame = delivery.decode()?;
    let update = async |tx: &Tx| update(tx, &command).await;
    app.carry_out(&delivery, &command, update).await
}

async fn update(tx: &Tx, command: &UpdateGame) -> store::Result<Result<GameId, Refused>> {
    let Some(game) = game::lock(tx, command.game).await? else {
        return Ok(Err(Refused::new(Code::GameNotFound)));
    };
    if let Err(refused) = check(&command.template) {
        return Ok(Err(refused));
    }
    game::update(tx, &game, &command.template).await?;
    Ok(Ok(game.id))
}
