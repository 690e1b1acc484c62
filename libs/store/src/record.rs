//! Audit records: written once, in parts, and never changed. Nobody has to hold a whole one.

use domain::id::BattleId;
use sea_orm::{ConnectionTrait, FromQueryResult};
use uuid::Uuid;

use crate::statement::statement;
use crate::{Read, Result, Tx};

/// How long a part is, in bytes; the last one of a record may be shorter. It is what a download
/// holds in memory.
pub const PART_LEN: usize = 256 << 10;

/// A record, without its bytes.
#[derive(Clone, Debug, PartialEq, Eq, FromQueryResult)]
pub struct Record {
    /// The battle.
    pub battle_id: Uuid,
    /// SHA-256 of its bytes, in hex.
    pub sha256: String,
    /// How many bytes it has.
    pub size: i64,
}

/// Finds a battle's record.
pub async fn find(from: &impl Read, battle: BattleId) -> Result<Option<Record>> {
    let find = statement(
        "SELECT battle_id, sha256, size FROM audit_records WHERE battle_id = $1",
        [battle.uuid().into()],
    );
    Ok(Record::find_by_statement(find).one(from.conn()).await?)
}

/// Finds a part of a record, counted from 0.
pub async fn find_part(from: &impl Read, battle: BattleId, part: i32) -> Result<Option<Vec<u8>>> {
    let find = statement(
        "SELECT bytes FROM audit_record_parts WHERE battle_id = $1 AND part = $2",
        [battle.uuid().into(), part.into()],
    );
    let row = from.conn().query_one_raw(find).await?;
    Ok(row.map(|row| row.try_get("", "bytes")).transpose()?)
}

/// Keeps a part of a record, which has to be kept in the same transaction; false if there is such a
/// part already.
pub async fn insert_part(tx: &Tx, battle: BattleId, part: i32, bytes: Vec<u8>) -> Result<bool> {
    let insert = statement(
        "INSERT INTO audit_record_parts (battle_id, part, bytes) VALUES ($1, $2, $3)
         ON CONFLICT DO NOTHING",
        [battle.uuid().into(), part.into(), bytes.into()],
    );
    Ok(tx.inner().execute_raw(insert).await?.rows_affected() == 1)
}

/// Keeps a record; false if one is kept already.
pub async fn insert(tx: &Tx, record: &Record) -> Result<bool> {
    let insert = statement(
        "WITH kept AS (
             INSERT INTO audit_records (battle_id, sha256, size) VALUES ($1, $2, $3)
             ON CONFLICT DO NOTHING RETURNING battle_id
         )
         UPDATE arena_battles a SET sealed = true FROM kept WHERE a.battle_id = kept.battle_id",
        [
            record.battle_id.into(),
            record.sha256.clone().into(),
            record.size.into(),
        ],
    );
    Ok(tx.inner().execute_raw(insert).await?.rows_affected() == 1)
}
