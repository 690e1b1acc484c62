//! Players in matches. What is a player's own and what rivals may see is told apart by the
//! gateway's types.

use domain::id::{BattleId, ParticipantId, UserId};
use entity::battle::BattleStatus;
use sea_orm::FromQueryResult;
use uuid::Uuid;

use super::{List, Viewer, array};
use crate::statement::statement;
use crate::{Read, Result};

/// A player in a match.
#[derive(Clone, Debug, PartialEq, Eq, FromQueryResult)]
pub struct Participant {
    /// The seat's own id.
    pub participant_id: Uuid,
    /// The match.
    pub battle_id: Uuid,
    /// Where the match stands.
    pub battle_status: BattleStatus,
    /// The player.
    pub player_id: Uuid,
    /// Whether the player alone won.
    pub is_winner: bool,
    /// Free chips in units of 1e-8; none before the arena has opened the match.
    pub cash: Option<i64>,
    /// Leverage card uses left in the match.
    pub cards_left: Option<i32>,
    /// How many positions are open.
    pub open_positions: i64,
    /// Final equity in units of 1e-8 chips; none before the match is settled.
    pub final_equity: Option<i64>,
    /// Final rank, from 1.
    pub rank: Option<i32>,
    /// Orders that were filled; none before the match is settled.
    pub fills: Option<i32>,
    /// The prize in the currency's minor unit; none before the match is settled.
    pub prize: Option<i64>,
    /// The change of cups that was applied.
    pub cups_change: Option<i64>,
    /// The experience earned.
    pub experience_gained: Option<i64>,
    /// Why the player has no result any more.
    pub void_reason: Option<String>,
}

const SEEN: &str = "
    SELECT s.participant_id, s.battle_id, b.status AS battle_status, s.player_id,
        coalesce(b.winner_id = s.player_id, false) AS is_winner, a.cash, a.cards_left,
        (SELECT count(*) FROM positions p
            WHERE p.battle_id = s.battle_id AND p.player_id = s.player_id AND p.status = 'OPEN')
            AS open_positions,
        s.final_equity, s.rank, s.fills, s.prize, s.cups_change, s.experience_gained,
        s.void_reason,
        coalesce(s.rank, s.number)::bigint AS cursor_number, s.participant_id AS cursor_id
    FROM seats s JOIN battles b ON b.id = s.battle_id
    LEFT JOIN arena_participants a ON a.battle_id = s.battle_id AND a.player_id = s.player_id
    WHERE ($1::uuid IS NULL
        OR EXISTS (SELECT FROM seats v WHERE v.battle_id = s.battle_id AND v.player_id = $1))";

/// Finds those of these players whose matches the viewer may see.
pub async fn find(
    from: &impl Read,
    viewer: Viewer,
    participants: &[ParticipantId],
) -> Result<Vec<Participant>> {
    let sql = format!("{SEEN} AND s.participant_id = ANY ($2)");
    let ids = array(participants.iter().map(|participant| participant.uuid()));
    let find = statement(&sql, [viewer.restriction(), ids]);
    Ok(Participant::find_by_statement(find)
        .all(from.conn())
        .await?)
}

/// Finds the seats of these players in these matches, pair by pair.
pub async fn find_seats(
    from: &impl Read,
    viewer: Viewer,
    seats: &[(BattleId, UserId)],
) -> Result<Vec<Participant>> {
    let sql = format!(
        "{SEEN} AND (s.battle_id, s.player_id) IN
            (SELECT * FROM unnest($2, $3))"
    );
    let battles = array(seats.iter().map(|(battle, _)| battle.uuid()));
    let players = array(seats.iter().map(|(_, player)| player.uuid()));
    let find = statement(&sql, [viewer.restriction(), battles, players]);
    Ok(Participant::find_by_statement(find)
        .all(from.conn())
        .await?)
}

/// Everybody in a match, by rank once it is settled, by seat before.
pub fn list(viewer: Viewer, battle: BattleId) -> List<Participant> {
    let sql = format!("{SEEN} AND s.battle_id = $2");
    List::new(sql, [viewer.restriction(), battle.uuid().into()])
}
