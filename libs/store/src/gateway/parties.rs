//! The parties that a player is in or may come into, as their members see them.

use domain::id::{PartyId, UserId};
use entity::party::Model;
use entity::party_member;
use sea_orm::FromQueryResult;

use super::{List, array};
use crate::statement::statement;
use crate::{Read, Result};

const OWN: &str = "
    SELECT p.*, (extract(epoch FROM p.created_at) * 1000000)::bigint AS cursor_number,
        p.id AS cursor_id
    FROM parties p JOIN party_members own ON own.party_id = p.id AND own.player_id = $1";

/// Finds those of these parties that this player is in or may come into.
pub async fn find(from: &impl Read, player: UserId, parties: &[PartyId]) -> Result<Vec<Model>> {
    let sql = format!("{OWN} WHERE p.id = ANY ($2)");
    let parties = array(parties.iter().map(|party| party.uuid()));
    let find = statement(&sql, [player.uuid().into(), parties]);
    Ok(Model::find_by_statement(find).all(from.conn()).await?)
}

/// The parties that this player is in or may come into.
pub fn list(player: UserId) -> List<Model> {
    List::new(OWN, [player.uuid().into()])
}

/// Who is in each of these parties or may come in: its members first, in the order in which they came.
pub async fn list_members(
    from: &impl Read,
    parties: &[PartyId],
) -> Result<Vec<party_member::Model>> {
    let list = statement(
        "SELECT m.* FROM party_members m JOIN parties p ON p.id = m.party_id
         WHERE m.party_id = ANY ($1)
         ORDER BY m.player_id <> p.leader_id, m.joined_at, m.invited_at, m.player_id",
        [array(parties.iter().map(|party| party.uuid()))],
    );
    Ok(party_member::Model::find_by_statement(list)
        .all(from.conn())
        .await?)
}
