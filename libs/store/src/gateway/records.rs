//! Audit records of matches that are over. They are for everybody: what players did is no secret
//! once a match is closed, and no secret of anybody's is in a record.

use domain::id::BattleId;
use sea_orm::{ConnectionTrait, FromQueryResult};
use uuid::Uuid;

use super::array;
use crate::statement::statement;
use crate::{Read, Result};

/// A record, without its bytes.
#[derive(Clone, Debug, PartialEq, Eq, FromQueryResult)]
pub struct Kept {
    /// The match.
    pub battle_id: Uuid,
    /// SHA-256 of its bytes, in hex.
    pub sha256: String,
    /// How many bytes it has.
    pub size: i32,
}

/// Finds the records of those of these matches that are closed or canceled.
pub async fn find(from: &impl Read, battles: &[BattleId]) -> Result<Vec<Kept>> {
    let find = statement(
        "SELECT r.battle_id, r.sha256, octet_length(r.record) AS size
         FROM audit_records r JOIN battles b ON b.id = r.battle_id
         WHERE r.battle_id = ANY ($1) AND b.status IN ('CLOSED', 'CANCELED')",
        [array(battles.iter().map(|battle| battle.uuid()))],
    );
    Ok(Kept::find_by_statement(find).all(from.conn()).await?)
}

/// Loads at most `len` bytes of a record, from byte `from_byte` on. None where there is no record;
/// whether it may be seen was settled when it was found.
pub async fn find_slice(
    from: &impl Read,
    battle: BattleId,
    from_byte: i32,
    len: i32,
) -> Result<Option<Vec<u8>>> {
    let find = statement(
        "SELECT substring(record FROM $2 FOR $3) AS slice FROM audit_records WHERE battle_id = $1",
        [
            battle.uuid().into(),
            from_byte.saturating_add(1).into(),
            len.into(),
        ],
    );
    let row = from.conn().query_one_raw(find).await?;
    Ok(row.map(|row| row.try_get("", "slice")).transpose()?)
}
