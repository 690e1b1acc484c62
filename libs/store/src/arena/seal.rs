//! Sealing: the battles that wait for it, their logs, and their results, which are written once and
//! never changed.

use contracts::shard::Shard;
use domain::battle::LogEntry;
use domain::id::BattleId;
use domain::ranking::BattleResult;
use entity::battle::BattleStatus;
use entity::battle_log::Model as LogRow;
use sea_orm::{ConnectionTrait, FromQueryResult};

use super::load::numbers;
use super::lookup::BATTLES_AT_ONCE;
use crate::statement::{ids, statement};
use crate::{Read, Result, Tx, battle, json};

/// The most entries of a log that are listed at once.
const LOG_ENTRIES_AT_ONCE: u32 = 1_000;

/// The first battles of some shards that have ended in the engine and whose record is not kept yet,
/// called off or not; those that ended first come first.
pub async fn list_unsealed(from: &impl Read, shards: &[Shard]) -> Result<Vec<BattleId>> {
    let list = statement(
        "SELECT battle_id AS id FROM arena_battles a JOIN battles b ON b.id = a.battle_id
         WHERE a.shard = ANY ($1) AND NOT a.sealed
             AND (a.status = 'CANCELED'
                 OR (a.status = 'FINAL' AND b.status IN ('OPEN', 'SETTLING', 'CANCELED')))
         ORDER BY b.end_time_ms, battle_id LIMIT $2",
        [numbers(shards).into(), i64::from(BATTLES_AT_ONCE).into()],
    );
    ids(from, list).await
}

/// The first entries of a battle's log behind the one with this number, in order.
pub async fn list_log(from: &impl Read, battle: BattleId, behind: u64) -> Result<Vec<LogEntry>> {
    let list = statement(
        "SELECT * FROM battle_log WHERE battle_id = $1 AND number > $2 ORDER BY number LIMIT $3",
        [
            battle.uuid().into(),
            i64::try_from(behind).unwrap_or(i64::MAX).into(),
            i64::from(LOG_ENTRIES_AT_ONCE).into(),
        ],
    );
    let rows = LogRow::find_by_statement(list).all(from.conn()).await?;
    rows.into_iter()
        .map(|row| json::read("battle_log", battle, row.entry))
        .collect()
}

/// Keeps a result; false if one is kept already.
pub async fn insert_result(tx: &Tx, result: &BattleResult, record_sha256: &str) -> Result<bool> {
    let insert = statement(
        "INSERT INTO battle_results (battle_id, result, record_sha256) VALUES ($1, $2, $3)
         ON CONFLICT DO NOTHING",
        [
            result.battle.uuid().into(),
            json::write(result)?.into(),
            record_sha256.into(),
        ],
    );
    Ok(tx.inner().execute_raw(insert).await?.rows_affected() == 1)
}

/// Locks the question how a battle ends, for as long as this transaction lives, and says how the
/// matcher has it. None if there is no such battle.
pub async fn verdict(tx: &Tx, battle: BattleId) -> Result<Option<BattleStatus>> {
    battle::lock_verdict(tx, battle).await?;
    Ok(battle::find(tx, battle).await?.map(|battle| battle.status))
}
