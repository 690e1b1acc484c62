//! Matches.

use domain::id::{BattleId, GameId, UserId};
use entity::battle::{BattleStatus, Model};
use sea_orm::{ActiveEnum, FromQueryResult};

use super::{List, Viewer, array};
use crate::statement::statement;
use crate::{Read, Result};

/// Which matches are wanted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// Of this game.
    pub game: Option<GameId>,
    /// That stand so.
    pub status: Option<BattleStatus>,
}

const SEEN: &str = "
    SELECT b.*, (extract(epoch FROM b.created_at) * 1000000)::bigint AS cursor_number,
        b.id AS cursor_id
    FROM battles b
    WHERE ($1::uuid IS NULL
        OR EXISTS (SELECT FROM seats s WHERE s.battle_id = b.id AND s.player_id = $1)
        OR b.creator_id = $1
        OR (b.status = 'WAITING' AND (b.invite_code IS NULL OR EXISTS (
            SELECT FROM party_members m WHERE m.ready_for = b.id AND m.player_id = $1)))
        OR EXISTS (SELECT FROM tickets t WHERE t.room_id = b.id AND t.player_id = $1
            AND (t.status = 'QUEUED' OR b.status = 'CANCELED' AND t.status <> 'KICKED')))";

/// Finds those of these matches that the viewer plays in, or may see otherwise: public rooms, and
/// those that one made, waits in or has agreed to come into.
pub async fn find(from: &impl Read, viewer: Viewer, battles: &[BattleId]) -> Result<Vec<Model>> {
    let sql = format!("{SEEN} AND b.id = ANY ($2)");
    let battles = array(battles.iter().map(|battle| battle.uuid()));
    let find = statement(&sql, [viewer.restriction(), battles]);
    Ok(Model::find_by_statement(find).all(from.conn()).await?)
}

/// Where a match stands for somebody who wants to trade in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromQueryResult)]
pub struct Standing {
    /// Where the match stands.
    pub status: BattleStatus,
    /// Whether the player has a seat in it.
    pub seated: bool,
}

/// Finds where a match stands for a player; none if there is no such match. Every order asks, so it
/// reads two rows.
pub async fn standing(
    from: &impl Read,
    battle: BattleId,
    player: UserId,
) -> Result<Option<Standing>> {
    let find = statement(
        "SELECT b.status, EXISTS (SELECT FROM seats s
             WHERE s.battle_id = b.id AND s.player_id = $2) AS seated
         FROM battles b WHERE b.id = $1",
        [battle.uuid().into(), player.uuid().into()],
    );
    Ok(Standing::find_by_statement(find).one(from.conn()).await?)
}

/// The matches that the viewer plays in, or may see otherwise: see [`find`].
pub fn list(viewer: Viewer, filter: Filter) -> List<Model> {
    let sql = format!(
        "{SEEN} AND ($2::uuid IS NULL OR b.game_id = $2) AND ($3::text IS NULL OR b.status = $3)"
    );
    let game = filter.game.map(|game| game.uuid());
    let status = filter.status.map(|status| status.to_value());
    List::new(sql, [viewer.restriction(), game.into(), status.into()])
}
