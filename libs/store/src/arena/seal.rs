//! Results and audit records: written once, never changed.

use contracts::shard::Shard;
use domain::battle::LogEntry;
use domain::id::BattleId;
use domain::ranking::BattleResult;
use entity::audit_record::Model as RecordRow;
use entity::battle::BattleStatus;
use entity::battle_log::Model as LogRow;
use sea_orm::{ConnectionTrait, FromQueryResult};

use super::load::{ids, numbers};
use super::lookup::BATTLES_AT_ONCE;
use crate::statement::statement;
use crate::{Read, Result, Tx, battle, json};

/// An audit record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// SHA-256 of its bytes, in hex.
    pub sha256: String,
    /// Its lines.
    pub bytes: Vec<u8>,
}

/// The first battles of some shards that have ended in the engine and whose record is not kept
/// yet; those that ended first come first.
pub async fn list_unsealed(from: &impl Read, shards: &[Shard]) -> Result<Vec<BattleId>> {
    let list = statement(
        "SELECT battle_id AS id FROM arena_battles a JOIN battles b ON b.id = a.battle_id
         WHERE a.shard = ANY ($1) AND NOT a.sealed
             AND (a.status = 'CANCELED'
                 OR (a.status = 'FINAL' AND b.status IN ('OPEN', 'SETTLING')))
         ORDER BY b.end_time_ms, battle_id LIMIT $2",
        [numbers(shards).into(), i64::from(BATTLES_AT_ONCE).into()],
    );
    ids(from, list).await
}

/// A battle's log, in order.
pub async fn list_log(from: &impl Read, battle: BattleId) -> Result<Vec<LogEntry>> {
    let list = statement(
        "SELECT * FROM battle_log WHERE battle_id = $1 ORDER BY number",
        [battle.uuid().into()],
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

/// Keeps a record; false if one is kept already.
pub async fn insert_record(tx: &Tx, battle: BattleId, record: &Record) -> Result<bool> {
    let insert = statement(
        "WITH kept AS (
             INSERT INTO audit_records (battle_id, sha256, record) VALUES ($1, $2, $3)
             ON CONFLICT DO NOTHING RETURNING battle_id
         )
         UPDATE arena_battles a SET sealed = true FROM kept WHERE a.battle_id = kept.battle_id",
        [
            battle.uuid().into(),
            record.sha256.clone().into(),
            record.bytes.clone().into(),
        ],
    );
    Ok(tx.inner().execute_raw(insert).await?.rows_affected() == 1)
}

/// Finds a battle's record.
pub async fn find_record(from: &impl Read, battle: BattleId) -> Result<Option<Record>> {
    let find = statement(
        "SELECT * FROM audit_records WHERE battle_id = $1",
        [battle.uuid().into()],
    );
    let row = RecordRow::find_by_statement(find).one(from.conn()).await?;
    Ok(row.map(|row| Record {
        sha256: row.sha256,
        bytes: row.record,
    }))
}

/// Locks the question how a battle ends, for as long as this transaction lives, and says how the
/// matcher has it. None if there is no such battle.
pub async fn verdict(tx: &Tx, battle: BattleId) -> Result<Option<BattleStatus>> {
    battle::lock_verdict(tx, battle).await?;
    Ok(battle::find(tx, battle).await?.map(|battle| battle.status))
}
