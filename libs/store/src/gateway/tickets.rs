//! Places in queues.

use domain::id::{BattleId, GameId, TicketId, UserId};
use entity::ticket::Model;
use sea_orm::FromQueryResult;

use super::{List, array};
use crate::statement::statement;
use crate::{Read, Result};

const OWN: &str = "
    SELECT t.*, (extract(epoch FROM t.created_at) * 1000000)::bigint AS cursor_number,
        t.id AS cursor_id
    FROM tickets t WHERE t.player_id = $1";

/// Finds those of these tickets that are this player's.
pub async fn find(from: &impl Read, player: UserId, tickets: &[TicketId]) -> Result<Vec<Model>> {
    let sql = format!("{OWN} AND t.id = ANY ($2)");
    let tickets = array(tickets.iter().map(|ticket| ticket.uuid()));
    let find = statement(&sql, [player.uuid().into(), tickets]);
    Ok(Model::find_by_statement(find).all(from.conn()).await?)
}

/// Finds the ticket that became this player's seat in a match.
pub async fn find_of_battle(
    from: &impl Read,
    player: UserId,
    battle: BattleId,
) -> Result<Option<Model>> {
    let sql = format!("{OWN} AND t.battle_id = $2");
    let find = statement(&sql, [player.uuid().into(), battle.uuid().into()]);
    Ok(Model::find_by_statement(find).one(from.conn()).await?)
}

/// The matches that this player's tickets became places in, those of the newest tickets first; at most
/// `limit`.
pub async fn list_battles(from: &impl Read, player: UserId, limit: u32) -> Result<Vec<BattleId>> {
    let list = statement(
        "SELECT * FROM tickets WHERE player_id = $1 AND battle_id IS NOT NULL
         ORDER BY created_at DESC LIMIT $2",
        [player.uuid().into(), i64::from(limit).into()],
    );
    let rows = Model::find_by_statement(list).all(from.conn()).await?;
    let battles = rows.into_iter().filter_map(|row| row.battle_id);
    Ok(battles.map(BattleId::from).collect())
}

/// The player's tickets, or those for one game.
pub fn list(player: UserId, game: Option<GameId>) -> List<Model> {
    let sql = format!("{OWN} AND ($2::uuid IS NULL OR t.game_id = $2)");
    let game = game.map(|game| game.uuid());
    List::new(sql, [player.uuid().into(), game.into()])
}

/// The tickets of those who wait in each of these rooms, in the order in which they came; at most `limit`
/// of a room.
pub async fn list_waiting(from: &impl Read, rooms: &[BattleId], limit: u32) -> Result<Vec<Model>> {
    let list = statement(
        "SELECT t.* FROM unnest($1::uuid[]) AS room (id), LATERAL (
             SELECT * FROM tickets WHERE room_id = room.id AND status = 'QUEUED'
             ORDER BY queued_at_ms, id LIMIT $2
         ) t ORDER BY t.queued_at_ms, t.id",
        [
            array(rooms.iter().map(|room| room.uuid())),
            i64::from(limit).into(),
        ],
    );
    Ok(Model::find_by_statement(list).all(from.conn()).await?)
}
