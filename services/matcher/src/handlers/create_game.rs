//! `commands.matcher.create_game`: a new game with the first version of its template.

use std::sync::Arc;

use bus::{Consumer, Delivery, Failure};
use contracts::commands::{CreateGame, Refused};
use contracts::{Code, Service, Topic};
use domain::id::GameId;
use store::{Tx, game};

use crate::app::App;
use crate::handlers::check;

pub(crate) const CONSUMER: Consumer =
    Consumer::new(Service::Matcher, "create_game", &[Topic::CreateGame]);

pub(crate) async fn handle(app: Arc<App>, delivery: Delivery) -> Result<(), Failure> {
    let command: CreateGame = delivery.decode()?;
    let create = async |tx: &Tx| create(tx, &command).await;
    app.carry_out(&delivery, &command, create).await
}

async fn create(tx: &Tx, command: &CreateGame) -> store::Result<Result<GameId, Refused>> {
    if let Err(refused) = check(&command.template) {
        return Ok(Err(refused));
    }
    // The gateway mints the id: only another request can have taken it.
    let created = game::insert(tx, command.game, &command.template).await?;
    Ok(created
        .then_some(command.game)
        .ok_or_else(|| Refused::new(Code::IdempotencyConflict)))
}
