//! `commands.matcher.delete_game`: takes a game out of every list. Its tickets and matches go on.

use std::sync::Arc;

use bus::{Consumer, Delivery, Failure};
use contracts::commands::{DeleteGame, Refused};
use contracts::{Code, Service, Topic};
use domain::id::GameId;
use store::{Tx, game};

use crate::app::App;

pub(crate) const CONSUMER: Consumer =
    Consumer::new(Service::Matcher, "delete_game", &[Topic::DeleteGame]);

pub(crate) async fn handle(app: Arc<App>, delivery: Delivery) -> Result<(), Failure> {
    let command: DeleteGame = delivery.decode()?;
    let delete = async |tx: &Tx| delete(tx, command.game).await;
    app.carry_out(&delivery, &command, delete).await
}

async fn delete(tx: &Tx, game: GameId) -> store::Result<Result<GameId, Refused>> {
    let Some(found) = game::lock(tx, game).await? else {
        return Ok(Err(Refused::new(Code::GameNotFound)));
    };
    game::delete(tx, found.id).await?;
    Ok(Ok(found.id))
}
