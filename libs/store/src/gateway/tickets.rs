//! Places in queues.

use domain::id::{GameId, TicketId, UserId};
use entity::ticket::Model;
use sea_orm::FromQueryResult;

use super::List;
use crate::statement::statement;
use crate::{Read, Result};

const OWN: &str = "
    SELECT t.*, (extract(epoch FROM t.created_at) * 1000000)::bigint AS cursor_number,
        t.id AS cursor_id
    FROM tickets t WHERE t.player_id = $1";

/// Finds a ticket of this player.
pub async fn find(from: &impl Read, player: UserId, ticket: TicketId) -> Result<Option<Model>> {
    let sql = format!("{OWN} AND t.id = $2");
    let find = statement(&sql, [player.uuid().into(), ticket.uuid().into()]);
    Ok(Model::find_by_statement(find).one(from.conn()).await?)
}

/// The player's tickets, or those for one game.
pub fn list(player: UserId, game: Option<GameId>) -> List<Model> {
    let sql = format!("{OWN} AND ($2::uuid IS NULL OR t.game_id = $2)");
    let game = game.map(|game| game.uuid());
    List::new(sql, [player.uuid().into(), game.into()])
}

/// How many wait for this game, and since when the longest of them, in milliseconds of the
/// exchange's clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromQueryResult)]
pub struct Waiting {
    /// How many tickets.
    pub tickets: i64,
}

/// Counts the tickets that wait for this game.
pub async fn waiting(from: &impl Read, game: GameId) -> Result<i64> {
    let count = statement(
        "SELECT count(*) AS tickets FROM tickets WHERE game_id = $1 AND status = 'QUEUED'",
        [game.uuid().into()],
    );
    let found = Waiting::find_by_statement(count).one(from.conn()).await?;
    Ok(found.map_or(0, |found| found.tickets))
}
