//! Positions: one's own, and those of rivals once their match is closed.

use std::collections::HashMap;

use contracts::shard::Shard;
use domain::id::{BattleId, ParticipantId, PositionId, RequestId, UserId};
use domain::order::Outcome;
use domain::symbol::Symbol;
use entity::position::{Model, PositionStatus};
use entity::position_outcome;
use sea_orm::{ActiveEnum, EntityTrait, FromQueryResult};

use super::{List, Viewer, array};
use crate::statement::statement;
use crate::{Error, Read, Result};

/// Which positions are wanted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// Of this match.
    pub battle: Option<BattleId>,
    /// Of this player in a match.
    pub participant: Option<ParticipantId>,
    /// That stand so.
    pub status: Option<PositionStatus>,
    /// Of this asset.
    pub symbol: Option<Symbol>,
}

/// A position with where it stands in lists.
const PLACED: &str =
    "SELECT p.*, (extract(epoch FROM p.created_at) * 1000000)::bigint AS cursor_number,
        p.id AS cursor_id";

/// Finds those of these positions that the viewer may see.
pub async fn find(
    from: &impl Read,
    viewer: Viewer,
    positions: &[PositionId],
) -> Result<Vec<Model>> {
    let sql = format!(
        "{PLACED} FROM positions p
         WHERE p.id = ANY ($2) AND ($1::uuid IS NULL OR p.player_id = $1 OR EXISTS (
             SELECT FROM battles b JOIN seats s ON s.battle_id = b.id
             WHERE b.id = p.battle_id AND b.status = 'CLOSED' AND s.player_id = $1))"
    );
    let positions = array(positions.iter().map(|position| position.uuid()));
    let find = statement(&sql, [viewer.restriction(), positions]);
    Ok(Model::find_by_statement(find).all(from.conn()).await?)
}

/// Everybody's positions.
const EVERYBODYS: &str = "FROM positions p
    WHERE $1::uuid IS NULL AND ($2::uuid IS NULL OR p.battle_id = $2)
        AND ($3::uuid IS NULL OR (p.battle_id, p.player_id) =
            (SELECT s.battle_id, s.player_id FROM seats s WHERE s.participant_id = $3))";

/// Those of a player, and of rivals in matches that are closed. It looks for nobody's that may not be
/// seen: how long that takes would tell how many there are.
const SEEN: &str = "FROM (
        SELECT s.battle_id, s.player_id FROM seats s
        WHERE s.player_id = $1 AND ($2::uuid IS NULL OR s.battle_id = $2)
            AND ($3::uuid IS NULL OR s.participant_id = $3)
        UNION ALL
        SELECT rival.battle_id, rival.player_id
        FROM seats own JOIN battles b ON b.id = own.battle_id
        JOIN seats rival ON rival.battle_id = own.battle_id AND rival.player_id <> own.player_id
        WHERE own.player_id = $1 AND b.status = 'CLOSED'
            AND ($2::uuid IS NULL OR own.battle_id = $2)
            AND ($3::uuid IS NULL OR rival.participant_id = $3)
    ) w, LATERAL (
        SELECT * FROM positions p
        WHERE p.player_id = w.player_id AND p.battle_id = w.battle_id OFFSET 0
    ) p
    WHERE true";

/// The positions that the viewer may see.
pub fn list(viewer: Viewer, filter: Filter) -> List<Model> {
    let whose = match viewer {
        Viewer::Staff => EVERYBODYS,
        Viewer::Player(_) => SEEN,
    };
    let sql = format!(
        "{PLACED} {whose}
            AND ($4::text IS NULL OR p.status = $4)
            AND ($5::text IS NULL OR p.symbol = $5)"
    );
    let values = [
        viewer.restriction(),
        filter.battle.map(|battle| battle.uuid()).into(),
        filter
            .participant
            .map(|participant| participant.uuid())
            .into(),
        filter.status.map(|status| status.to_value()).into(),
        filter
            .symbol
            .map(|symbol| symbol.as_str().to_owned())
            .into(),
    ];
    List::new(sql, values)
}

/// What became of a command to the arena.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptOutcome {
    /// SHA-256 of the command's body, in hex.
    pub body_hash: String,
    /// The outcome.
    pub outcome: Outcome,
}

/// Finds what became of a player's command to the arena.
pub async fn find_outcome(
    from: &impl Read,
    battle: BattleId,
    player: UserId,
    request: RequestId,
) -> Result<Option<KeptOutcome>> {
    let key = (battle.uuid(), player.uuid(), request.uuid());
    let row = position_outcome::Entity::find_by_id(key)
        .one(from.conn())
        .await?;
    row.map(parse).transpose()
}

/// Whose command, in which match.
pub type CommandKey = (BattleId, UserId, RequestId);

/// Finds what became of these commands to the arena.
pub async fn find_outcomes(
    from: &impl Read,
    keys: &[CommandKey],
) -> Result<HashMap<CommandKey, KeptOutcome>> {
    let find = statement(
        "SELECT * FROM position_outcomes WHERE (battle_id, player_id, request_id) IN
            (SELECT * FROM unnest($1, $2, $3))",
        [
            array(keys.iter().map(|(battle, _, _)| battle.uuid())),
            array(keys.iter().map(|(_, player, _)| player.uuid())),
            array(keys.iter().map(|(_, _, request)| request.uuid())),
        ],
    );
    let rows = position_outcome::Model::find_by_statement(find);
    let rows = rows.all(from.conn()).await?;
    let keyed = |row: position_outcome::Model| {
        let (battle, player) = (row.battle_id.into(), row.player_id.into());
        let key = (battle, player, row.request_id.into());
        Ok((key, parse(row)?))
    };
    rows.into_iter().map(keyed).collect()
}

/// How far the arena has decided what was sent to it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Decided(HashMap<i16, i64>);

impl Decided {
    /// Whether a command to a battle, which stands at this sequence in POSITIONS, is decided.
    pub fn contains(&self, battle: BattleId, sequence: u64) -> bool {
        let shard = i16::from(Shard::of(battle).get());
        let up_to = self
            .0
            .get(&shard)
            .and_then(|up_to| u64::try_from(*up_to).ok());
        up_to.is_some_and(|up_to| sequence <= up_to)
    }
}

#[derive(FromQueryResult)]
struct Place {
    shard: i16,
    positions_sequence: i64,
}

/// Finds how far the arena has decided what was sent to it, shard by shard.
pub async fn decided_up_to(from: &impl Read) -> Result<Decided> {
    let list = statement(
        "SELECT shard, positions_sequence FROM arena_shards WHERE positions_sequence IS NOT NULL",
        [],
    );
    let places = Place::find_by_statement(list).all(from.conn()).await?;
    let places = places.into_iter();
    Ok(Decided(
        places
            .map(|place| (place.shard, place.positions_sequence))
            .collect(),
    ))
}

fn parse(row: position_outcome::Model) -> Result<KeptOutcome> {
    let corrupt = |_foreign| Error::corrupt("position_outcomes", row.request_id);
    let outcome = serde_json::from_value(row.outcome).map_err(corrupt)?;
    Ok(KeptOutcome {
        body_hash: row.body_hash,
        outcome,
    })
}
