//! Audit records of matches that are over.

use domain::id::BattleId;
use entity::audit_record::Model;
use sea_orm::FromQueryResult;

use super::Viewer;
use crate::statement::statement;
use crate::{Read, Result};

/// Finds the record of a closed match that the viewer played in, or may see otherwise.
pub async fn find(from: &impl Read, viewer: Viewer, battle: BattleId) -> Result<Option<Model>> {
    let find = statement(
        "SELECT r.* FROM audit_records r JOIN battles b ON b.id = r.battle_id
         WHERE r.battle_id = $2 AND b.status = 'CLOSED' AND ($1::uuid IS NULL
            OR EXISTS (SELECT FROM seats s WHERE s.battle_id = b.id AND s.player_id = $1))",
        [viewer.restriction(), battle.uuid().into()],
    );
    Ok(Model::find_by_statement(find).one(from.conn()).await?)
}
