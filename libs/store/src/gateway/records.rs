//! Audit records of matches that are over. They are for everybody: what players did is no secret
//! once a match is closed, and no secret of anybody's is in a record.

use domain::id::BattleId;
use sea_orm::FromQueryResult;

use super::array;
use crate::record::Record;
use crate::statement::statement;
use crate::{Read, Result};

/// Finds the records of those of these matches that are closed or canceled.
pub async fn find(from: &impl Read, battles: &[BattleId]) -> Result<Vec<Record>> {
    let find = statement(
        "SELECT r.battle_id, r.sha256, r.size
         FROM audit_records r JOIN battles b ON b.id = r.battle_id
         WHERE r.battle_id = ANY ($1) AND b.status IN ('CLOSED', 'CANCELED')",
        [array(battles.iter().map(|battle| battle.uuid()))],
    );
    Ok(Record::find_by_statement(find).all(from.conn()).await?)
}
