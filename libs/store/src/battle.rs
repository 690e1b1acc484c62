//! Battles and their status, which the matcher alone changes.

use contracts::shard::Shard;
use domain::battle::{BattleTerms, Seat};
use domain::id::{BattleId, UserId};
use domain::ranking::BattleResult;
use domain::timestamp::Timestamp;
use entity::battle::{BattleStatus, Model};
use entity::battle_result::Model as ResultRow;
use sea_orm::{ActiveEnum, ConnectionTrait, FromQueryResult};
use uuid::Uuid;

use crate::statement::statement;
use crate::{Error, Read, Result, Tx, json};

/// A battle that has opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Battle {
    /// Where it stands.
    pub status: BattleStatus,
    /// What it was opened with.
    pub terms: BattleTerms,
}

/// What the arena sealed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sealed {
    /// The result.
    pub result: BattleResult,
    /// SHA-256 of the audit record, in hex.
    pub record_sha256: String,
}

/// Inserts a battle that matchmaking opens. `clock_offset_ns` is by how much the exchange's clock
/// was ahead of ours when its times were set.
pub async fn insert_open(tx: &Tx, terms: &BattleTerms, clock_offset_ns: i64) -> Result<()> {
    let insert = statement(
        "INSERT INTO battles (id, game_id, game_version, template, origin, status, ranked, shard,
             start_time_ms, end_time_ms, clock_offset_ns)
         VALUES ($1, $2, $3, $4, 'QUEUE', 'OPEN', $5, $6, $7, $8, $9)",
        [
            terms.battle.uuid().into(),
            terms.game.uuid().into(),
            i64::from(terms.version).into(),
            json::write(&terms.template)?.into(),
            terms.ranked.into(),
            i16::from(Shard::of(terms.battle).get()).into(),
            terms.start_time.ms().into(),
            terms.end_time.ms().into(),
            clock_offset_ns.into(),
        ],
    );
    tx.inner().execute_raw(insert).await?;
    Ok(())
}

/// Takes the right to say how a battle ends, for as long as this transaction lives: whoever seals
/// its result and whoever cancels it wait for each other here.
pub async fn lock_verdict(tx: &Tx, battle: BattleId) -> Result<()> {
    let lock = statement(
        "SELECT pg_advisory_xact_lock(hashtextextended('verdict/' || $1::text, 0))",
        [battle.uuid().into()],
    );
    tx.inner().execute_raw(lock).await?;
    Ok(())
}

/// Locks a battle.
pub async fn lock(tx: &Tx, battle: BattleId) -> Result<Option<Battle>> {
    let lock = statement(
        "SELECT * FROM battles WHERE id = $1 FOR NO KEY UPDATE",
        [battle.uuid().into()],
    );
    match Model::find_by_statement(lock).one(tx.inner()).await? {
        Some(_) => find(tx, battle).await,
        None => Ok(None),
    }
}

/// Finds a battle that has opened.
pub async fn find(from: &impl Read, battle: BattleId) -> Result<Option<Battle>> {
    let find = statement(
        "SELECT * FROM battles WHERE id = $1 AND start_time_ms IS NOT NULL",
        [battle.uuid().into()],
    );
    let Some(row) = Model::find_by_statement(find).one(from.conn()).await? else {
        return Ok(None);
    };
    let seats = list_seats(from, battle).await?;
    parse(row, seats).map(Some)
}

/// What a battle was opened with; none if it has not opened.
pub async fn find_terms(from: &impl Read, battle: BattleId) -> Result<Option<BattleTerms>> {
    Ok(find(from, battle).await?.map(|battle| battle.terms))
}

/// Moves a battle from one status to another. False if it does not stand where it should.
pub async fn change_status(
    tx: &Tx,
    battle: BattleId,
    from: BattleStatus,
    to: BattleStatus,
) -> Result<bool> {
    let change = statement(
        "UPDATE battles SET status = $3, updated_at = now() WHERE id = $1 AND status = $2",
        [
            battle.uuid().into(),
            from.to_value().into(),
            to.to_value().into(),
        ],
    );
    Ok(tx.inner().execute_raw(change).await?.rows_affected() == 1)
}

/// Closes a battle that settles. False if it does not.
pub async fn close(
    tx: &Tx,
    battle: BattleId,
    winner: Option<UserId>,
    record_sha256: &str,
) -> Result<bool> {
    let close = statement(
        "UPDATE battles SET status = 'CLOSED', winner_id = $2, record_sha256 = $3,
             revision = 1, updated_at = now()
         WHERE id = $1 AND status = 'SETTLING'",
        [
            battle.uuid().into(),
            winner.map(UserId::uuid).into(),
            record_sha256.into(),
        ],
    );
    Ok(tx.inner().execute_raw(close).await?.rows_affected() == 1)
}

/// Up to `limit` open battles whose end is at or before `now`, on the exchange's clock; the most
/// overdue first.
pub async fn list_over(from: &impl Read, now: Timestamp, limit: u32) -> Result<Vec<BattleId>> {
    let list = statement(
        "SELECT id FROM battles WHERE status = 'OPEN' AND end_time_ms <= $1
         ORDER BY end_time_ms LIMIT $2",
        [now.ms().into(), i64::from(limit).into()],
    );
    ids(from, list).await
}

/// Up to `limit` battles that settle and have a sealed result; the most overdue first.
pub async fn list_sealed(from: &impl Read, limit: u32) -> Result<Vec<BattleId>> {
    let list = statement(
        "SELECT id FROM battles WHERE status = 'SETTLING'
             AND EXISTS (SELECT FROM battle_results r WHERE r.battle_id = battles.id)
         ORDER BY end_time_ms LIMIT $1",
        [i64::from(limit).into()],
    );
    ids(from, list).await
}

/// Finds what the arena sealed.
pub async fn find_sealed(from: &impl Read, battle: BattleId) -> Result<Option<Sealed>> {
    let find = statement(
        "SELECT * FROM battle_results WHERE battle_id = $1",
        [battle.uuid().into()],
    );
    let row = ResultRow::find_by_statement(find).one(from.conn()).await?;
    row.map(|row| {
        let result = json::read("battle_results", battle, row.result)?;
        Ok(Sealed {
            result,
            record_sha256: row.record_sha256,
        })
    })
    .transpose()
}

#[derive(FromQueryResult)]
struct IdRow {
    id: Uuid,
}

async fn ids(from: &impl Read, list: sea_orm::Statement) -> Result<Vec<BattleId>> {
    let rows = IdRow::find_by_statement(list).all(from.conn()).await?;
    Ok(rows.into_iter().map(|row| row.id.into()).collect())
}

#[derive(FromQueryResult)]
struct SeatRow {
    player_id: Uuid,
    card_uses: i64,
}

async fn list_seats(from: &impl Read, battle: BattleId) -> Result<Vec<Seat>> {
    let list = statement(
        "SELECT s.player_id, coalesce(sum(i.moved), 0)::bigint AS card_uses
         FROM seats s LEFT JOIN seat_items i USING (battle_id, player_id)
         WHERE s.battle_id = $1 GROUP BY s.number, s.player_id ORDER BY s.number",
        [battle.uuid().into()],
    );
    let rows = SeatRow::find_by_statement(list).all(from.conn()).await?;
    rows.into_iter()
        .map(|row| {
            let card_uses = u32::try_from(row.card_uses).ok();
            let card_uses = card_uses.ok_or_else(|| Error::corrupt("seat_items", battle))?;
            Ok(Seat {
                player: row.player_id.into(),
                card_uses,
            })
        })
        .collect()
}

fn parse(row: Model, seats: Vec<Seat>) -> Result<Battle> {
    let corrupt = || Error::corrupt("battles", row.id);
    let terms = BattleTerms {
        battle: row.id.into(),
        game: row.game_id.into(),
        version: u32::try_from(row.game_version).ok().ok_or_else(corrupt)?,
        template: json::read("battles", row.id, row.template)?,
        ranked: row.ranked,
        start_time: row
            .start_time_ms
            .map(Timestamp::from_ms)
            .ok_or_else(corrupt)?,
        end_time: row
            .end_time_ms
            .map(Timestamp::from_ms)
            .ok_or_else(corrupt)?,
        seats,
    };
    Ok(Battle {
        status: row.status,
        terms,
    })
}
