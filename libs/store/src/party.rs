//! Parties: friends who enter games together.

use std::collections::BTreeMap;

use domain::id::{BattleId, PartyId, UserId};
use domain::party::Party;
use domain::timestamp::Timestamp;
use entity::{party, party_member};
use sea_orm::{ConnectionTrait, FromQueryResult, Statement};
use uuid::Uuid;

use crate::statement::{ids, statement};
use crate::{Read, Result, Tx};

/// Takes the right to change which party a player is in, for as long as this transaction lives.
/// Whoever takes a party's too takes this first.
pub async fn lock_player(tx: &Tx, player: UserId) -> Result<()> {
    let lock = statement(
        "SELECT pg_advisory_xact_lock(hashtextextended('party/' || $1::text, 0))",
        [player.uuid().into()],
    );
    tx.inner().execute_raw(lock).await?;
    Ok(())
}

/// Finds the party that a player is a member of.
pub async fn find_of(from: &impl Read, player: UserId) -> Result<Option<PartyId>> {
    let find = statement(
        "SELECT party_id AS id FROM party_members WHERE player_id = $1 AND joined_at IS NOT NULL",
        [player.uuid().into()],
    );
    Ok(ids(from, find).await?.pop())
}

/// Locks a party. Whoever changes who is in it, or takes places for it, holds this lock.
pub async fn lock(tx: &Tx, party: PartyId) -> Result<Option<Party>> {
    let lock = statement(
        "SELECT * FROM parties WHERE id = $1 FOR NO KEY UPDATE",
        [party.uuid().into()],
    );
    load_locked(tx, party, lock).await
}

/// Locks a party whose time is over at `now`; none where something has happened in it meanwhile.
pub async fn lock_over(tx: &Tx, party: PartyId, now: Timestamp) -> Result<Option<Party>> {
    let lock = statement(
        "SELECT * FROM parties WHERE id = $1 AND expires_at_ms <= $2 FOR NO KEY UPDATE",
        [party.uuid().into(), now.ms().into()],
    );
    load_locked(tx, party, lock).await
}

async fn load_locked(tx: &Tx, party: PartyId, lock: Statement) -> Result<Option<Party>> {
    let Some(row) = party::Model::find_by_statement(lock)
        .one(tx.inner())
        .await?
    else {
        return Ok(None);
    };
    let list = statement(
        "SELECT * FROM party_members WHERE party_id = $1
         ORDER BY player_id <> $2, joined_at, invited_at, player_id",
        [party.uuid().into(), row.leader_id.into()],
    );
    let rows = party_member::Model::find_by_statement(list)
        .all(tx.inner())
        .await?;
    let ready = |row: &party_member::Model| {
        let room = row.ready_for.map(BattleId::new)?;
        Some((row.player_id.into(), room))
    };
    let ready: BTreeMap<UserId, BattleId> = rows.iter().filter_map(ready).collect();
    let (members, invited): (Vec<_>, Vec<_>) =
        rows.into_iter().partition(|row| row.joined_at.is_some());
    let players = |rows: Vec<party_member::Model>| {
        let players = rows.into_iter().map(|row| row.player_id.into());
        players.collect()
    };
    Ok(Some(Party {
        leader: row.leader_id.into(),
        members: players(members),
        invited: players(invited),
        ready,
    }))
}

/// Up to `limit` parties whose time is over at `now`, those first that ended first. Those in
/// `except` are left out.
pub async fn list_over(
    from: &impl Read,
    now: Timestamp,
    except: &[PartyId],
    limit: u32,
) -> Result<Vec<PartyId>> {
    let except: Vec<Uuid> = except.iter().map(|party| party.uuid()).collect();
    let list = statement(
        "SELECT id FROM parties WHERE expires_at_ms <= $1 AND id <> ALL ($2)
         ORDER BY expires_at_ms LIMIT $3",
        [now.ms().into(), except.into(), i64::from(limit).into()],
    );
    ids(from, list).await
}

/// Keeps who leads a locked party, and when it ends unless something happens in it before.
pub async fn renew(tx: &Tx, party: PartyId, leader: UserId, expires_at: Timestamp) -> Result<()> {
    let renew = statement(
        "UPDATE parties SET leader_id = $2, expires_at_ms = $3 WHERE id = $1",
        [
            party.uuid().into(),
            leader.uuid().into(),
            expires_at.ms().into(),
        ],
    );
    tx.inner().execute_raw(renew).await?;
    Ok(())
}

/// Makes a party of somebody alone.
pub async fn insert(tx: &Tx, party: PartyId, leader: UserId, expires_at: Timestamp) -> Result<()> {
    let insert = statement(
        "WITH made AS (
             INSERT INTO parties (id, leader_id, expires_at_ms) VALUES ($1, $2, $3) RETURNING id)
         INSERT INTO party_members (party_id, player_id, joined_at) SELECT id, $2, now() FROM made",
        [
            party.uuid().into(),
            leader.uuid().into(),
            expires_at.ms().into(),
        ],
    );
    tx.inner().execute_raw(insert).await?;
    Ok(())
}

/// Lets a player come in.
pub async fn invite(tx: &Tx, party: PartyId, player: UserId) -> Result<()> {
    let invite = statement(
        "INSERT INTO party_members (party_id, player_id) VALUES ($1, $2)",
        [party.uuid().into(), player.uuid().into()],
    );
    tx.inner().execute_raw(invite).await?;
    Ok(())
}

/// Makes an invited player a member.
pub async fn join(tx: &Tx, party: PartyId, player: UserId) -> Result<()> {
    let join = statement(
        "UPDATE party_members SET joined_at = now() WHERE party_id = $1 AND player_id = $2",
        [party.uuid().into(), player.uuid().into()],
    );
    tx.inner().execute_raw(join).await?;
    Ok(())
}

/// Keeps the room whose entry fee a member agrees to pay, or that there is none.
pub async fn agree(tx: &Tx, party: PartyId, player: UserId, room: Option<BattleId>) -> Result<()> {
    let agree = statement(
        "UPDATE party_members SET ready_for = $3 WHERE party_id = $1 AND player_id = $2",
        [
            party.uuid().into(),
            player.uuid().into(),
            room.map(BattleId::uuid).into(),
        ],
    );
    tx.inner().execute_raw(agree).await?;
    Ok(())
}

/// Forgets who of a party has agreed to a room: whoever comes again is asked again.
pub async fn forget_agreed(tx: &Tx, party: PartyId, room: BattleId) -> Result<()> {
    let forget = statement(
        "UPDATE party_members SET ready_for = NULL WHERE party_id = $1 AND ready_for = $2",
        [party.uuid().into(), room.uuid().into()],
    );
    tx.inner().execute_raw(forget).await?;
    Ok(())
}

/// Forgets a member or an invitation.
pub async fn leave(tx: &Tx, party: PartyId, player: UserId) -> Result<()> {
    let leave = statement(
        "DELETE FROM party_members WHERE party_id = $1 AND player_id = $2",
        [party.uuid().into(), player.uuid().into()],
    );
    tx.inner().execute_raw(leave).await?;
    Ok(())
}

/// Forgets every invitation of a player who comes nowhere any more. Answers the parties.
pub async fn forget_invitations(tx: &Tx, player: UserId) -> Result<Vec<PartyId>> {
    let forget = statement(
        "DELETE FROM party_members WHERE player_id = $1 AND joined_at IS NULL
         RETURNING party_id AS id",
        [player.uuid().into()],
    );
    ids(tx, forget).await
}

/// Forgets a party.
pub async fn delete(tx: &Tx, party: PartyId) -> Result<()> {
    let delete = statement("DELETE FROM parties WHERE id = $1", [party.uuid().into()]);
    tx.inner().execute_raw(delete).await?;
    Ok(())
}
