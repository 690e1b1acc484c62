//! Looking for what a command speaks of and the engine does not have: a battle, or what became of
//! the command when its battle still ran.

use contracts::shard::Shard;
use domain::id::{BattleId, RequestId, UserId};
use domain::order::{BodyHash, Outcome};
use entity::arena_battle::ArenaStatus;
use entity::battle::BattleStatus;
use entity::position_outcome::Model as OutcomeRow;
use sea_orm::{FromQueryResult, JsonValue};
use uuid::Uuid;

use super::load::numbers;
use crate::statement::{ids, statement};
use crate::{Read, Result, json};

/// How many battles one question lists.
pub const BATTLES_AT_ONCE: u32 = 500;

/// Where a battle stands, with the matcher and in the engine's rows.
#[derive(Clone, Debug, PartialEq, Eq, FromQueryResult)]
pub struct Standing {
    /// Which.
    pub battle: Uuid,
    /// With the matcher.
    pub status: BattleStatus,
    /// In the engine's rows; none if the engine never had it.
    pub arena: Option<ArenaStatus>,
}

/// What was kept of a request to a battle that has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kept {
    /// What was asked.
    pub body_hash: BodyHash,
    /// What came of it.
    pub outcome: Outcome,
}

/// Where these battles stand, in no particular order. Those that do not exist are left out.
pub async fn list_standings(from: &impl Read, battles: &[BattleId]) -> Result<Vec<Standing>> {
    let battles: Vec<Uuid> = battles.iter().map(|battle| battle.uuid()).collect();
    let list = statement(
        "SELECT b.id AS battle, b.status, a.status AS arena
         FROM battles b LEFT JOIN arena_battles a ON a.battle_id = b.id WHERE b.id = ANY ($1)",
        [battles.into()],
    );
    Ok(Standing::find_by_statement(list).all(from.conn()).await?)
}

/// Whether a player has a seat in a battle that the engine has, or had.
pub async fn is_participant(from: &impl Read, battle: BattleId, player: UserId) -> Result<bool> {
    let find = statement(
        "SELECT battle_id AS id FROM arena_participants WHERE battle_id = $1 AND player_id = $2",
        [battle.uuid().into(), player.uuid().into()],
    );
    Ok(!ids::<BattleId>(from, find).await?.is_empty())
}

/// Finds what was kept of a request.
pub async fn find_kept(
    from: &impl Read,
    battle: BattleId,
    player: UserId,
    request: RequestId,
) -> Result<Option<Kept>> {
    let find = statement(
        "SELECT * FROM position_outcomes
         WHERE battle_id = $1 AND player_id = $2 AND request_id = $3",
        [
            battle.uuid().into(),
            player.uuid().into(),
            request.uuid().into(),
        ],
    );
    let row = OutcomeRow::find_by_statement(find).one(from.conn()).await?;
    row.map(|row| {
        let table = "position_outcomes";
        Ok(Kept {
            body_hash: json::read(table, request, JsonValue::String(row.body_hash))?,
            outcome: json::read(table, request, row.outcome)?,
        })
    })
    .transpose()
}

/// The first battles of some shards that have opened and that the engine does not know yet.
pub async fn list_unopened(from: &impl Read, shards: &[Shard]) -> Result<Vec<BattleId>> {
    let list = statement(
        "SELECT id FROM battles b WHERE status IN ('OPEN', 'SETTLING') AND shard = ANY ($1)
             AND NOT EXISTS (SELECT FROM arena_battles a WHERE a.battle_id = b.id)
         ORDER BY start_time_ms, id LIMIT $2",
        [numbers(shards).into(), i64::from(BATTLES_AT_ONCE).into()],
    );
    ids(from, list).await
}

/// The first battles of some shards that the matcher called off while the engine follows them.
pub async fn list_called_off(from: &impl Read, shards: &[Shard]) -> Result<Vec<BattleId>> {
    let list = statement(
        "SELECT battle_id AS id FROM arena_battles a JOIN battles b ON b.id = a.battle_id
         WHERE a.status = 'OPEN' AND b.status = 'CANCELED' AND a.shard = ANY ($1)
         ORDER BY battle_id LIMIT $2",
        [numbers(shards).into(), i64::from(BATTLES_AT_ONCE).into()],
    );
    ids(from, list).await
}
