//! Rooms: battles that wait for players whom somebody asked.

use contracts::shard::Shard;
use domain::battle::BattleTerms;
use domain::game::Template;
use domain::id::{BattleId, GameId, UserId};
use domain::timestamp::Timestamp;
use entity::battle::{BattleStatus, Model};
use sea_orm::{ConnectionTrait, FromQueryResult};
use uuid::Uuid;

use crate::statement::{ids, statement};
use crate::{Error, Read, Result, Tx, json};

/// A battle that somebody made a room for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Room {
    /// The battle.
    pub battle: BattleId,
    /// The game.
    pub game: GameId,
    /// The version of the game's template that it keeps.
    pub version: u32,
    /// That template.
    pub template: Template,
    /// Who made it.
    pub creator: UserId,
    /// Whether cups, experience and items are at stake.
    pub ranked: bool,
    /// What a private one asks for.
    pub invite_code: Option<String>,
    /// When it is given up unless it has opened, on the exchange's clock.
    pub expires_at: Timestamp,
    /// Where it stands.
    pub status: BattleStatus,
}

/// Inserts a room that waits. A battle of this id, or another room with this code, is a conflict.
pub async fn insert(tx: &Tx, room: &Room) -> Result<()> {
    let insert = statement(
        "INSERT INTO battles (id, game_id, game_version, template, origin, status, ranked, shard,
             creator_id, invite_code, expires_at_ms)
         VALUES ($1, $2, $3, $4, 'ROOM', 'WAITING', $5, $6, $7, $8, $9)",
        [
            room.battle.uuid().into(),
            room.game.uuid().into(),
            i64::from(room.version).into(),
            json::write(&room.template)?.into(),
            room.ranked.into(),
            i16::from(Shard::of(room.battle).get()).into(),
            room.creator.uuid().into(),
            room.invite_code.clone().into(),
            room.expires_at.ms().into(),
        ],
    );
    tx.inner().execute_raw(insert).await?;
    Ok(())
}

/// Finds a room, whether it still waits or not.
pub async fn find(from: &impl Read, battle: BattleId) -> Result<Option<Room>> {
    select(from, battle, "").await
}

/// Locks a room. Whoever changes who is in it, or what becomes of it, holds this lock.
pub async fn lock(tx: &Tx, battle: BattleId) -> Result<Option<Room>> {
    select(tx, battle, "FOR NO KEY UPDATE").await
}

/// Opens a locked room that waits, with its times. `clock_offset_ns` is by how much the exchange's
/// clock was ahead of ours when they were set.
pub async fn open(tx: &Tx, terms: &BattleTerms, clock_offset_ns: i64) -> Result<()> {
    let open = statement(
        "UPDATE battles SET status = 'OPEN', start_time_ms = $2, end_time_ms = $3,
             clock_offset_ns = $4, updated_at = now()
         WHERE id = $1 AND status = 'WAITING'",
        [
            terms.battle.uuid().into(),
            terms.start_time.ms().into(),
            terms.end_time.ms().into(),
            clock_offset_ns.into(),
        ],
    );
    let opened = tx.inner().execute_raw(open).await?.rows_affected() == 1;
    opened
        .then_some(())
        .ok_or_else(|| Error::corrupt("battles", terms.battle))
}

/// Up to `limit` rooms with something to do: those that are full, and those whose time is over at
/// `now`; the oldest first. Those in `except` are left out.
pub async fn list_due(
    from: &impl Read,
    now: Timestamp,
    except: &[BattleId],
    limit: u32,
) -> Result<Vec<BattleId>> {
    let except: Vec<Uuid> = except.iter().map(|battle| battle.uuid()).collect();
    let list = statement(
        "SELECT b.id FROM battles b
         WHERE b.status = 'WAITING' AND b.id <> ALL ($2) AND (b.expires_at_ms <= $1
             OR (b.template ->> 'max_players')::bigint <= (
                 SELECT count(*) FROM tickets t WHERE t.room_id = b.id AND t.status = 'QUEUED'))
         ORDER BY b.created_at LIMIT $3",
        [now.ms().into(), except.into(), i64::from(limit).into()],
    );
    ids(from, list).await
}

async fn select(from: &impl Read, battle: BattleId, lock: &str) -> Result<Option<Room>> {
    let sql = format!("SELECT * FROM battles WHERE id = $1 AND origin = 'ROOM' {lock}");
    let find = statement(&sql, [battle.uuid().into()]);
    let row = Model::find_by_statement(find).one(from.conn()).await?;
    row.map(parse).transpose()
}

fn parse(row: Model) -> Result<Room> {
    let corrupt = || Error::corrupt("battles", row.id);
    Ok(Room {
        battle: row.id.into(),
        game: row.game_id.into(),
        version: u32::try_from(row.game_version).ok().ok_or_else(corrupt)?,
        creator: row.creator_id.map(UserId::new).ok_or_else(corrupt)?,
        ranked: row.ranked,
        expires_at: row
            .expires_at_ms
            .map(Timestamp::from_ms)
            .ok_or_else(corrupt)?,
        status: row.status,
        template: json::read("battles", row.id, row.template)?,
        invite_code: row.invite_code,
    })
}
