//! Battles and their status, which the matcher alone changes.

use contracts::shard::Shard;
use domain::battle::{BattleTerms, Seat};
use domain::id::{BattleId, UserId};
use domain::ranking::BattleResult;
use domain::timestamp::Timestamp;
use entity::battle::{BattleStatus, Model};
use entity::battle_result::Model as ResultRow;
use sea_orm::{ActiveEnum, ConnectionTrait, FromQueryResult, Value};
use uuid::Uuid;

use crate::arrays::Arrays;
use crate::statement::{ids, statement};
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

/// Inserts battles that matchmaking opens. `clock_offset_ns` is by how much the exchange's clock was
/// ahead of ours when their times were set.
pub async fn insert_open(tx: &Tx, terms: &[&BattleTerms], clock_offset_ns: i64) -> Result<()> {
    if terms.is_empty() {
        return Ok(());
    }
    let rows = Arrays::of("battles", terms, |terms| terms.battle.to_string())
        .ids("id", |terms| terms.battle.uuid())
        .ids("game_id", |terms| terms.game.uuid())
        .numbers("game_version", |terms| Some(terms.version))?
        .jsons("template", |terms| terms.template.clone())?
        .texts("origin", |_| "QUEUE".to_owned())
        .texts("status", |_| BattleStatus::Open.to_value())
        .flags("ranked", |terms| terms.ranked)
        .numbers("shard", |terms| Some(Shard::of(terms.battle).get()))?
        .numbers("start_time_ms", |terms| Some(terms.start_time.ms()))?
        .numbers("end_time_ms", |terms| Some(terms.end_time.ms()))?
        .numbers("clock_offset_ns", |_| Some(clock_offset_ns))?;
    tx.inner().execute_raw(rows.insert()).await?;
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
/// overdue first. Those in `except` are left out, here as below.
pub async fn list_over(
    from: &impl Read,
    now: Timestamp,
    except: &[BattleId],
    limit: u32,
) -> Result<Vec<BattleId>> {
    let list = statement(
        "SELECT id FROM battles WHERE status = 'OPEN' AND end_time_ms <= $1 AND id <> ALL ($2)
         ORDER BY end_time_ms LIMIT $3",
        [now.ms().into(), uuids(except), i64::from(limit).into()],
    );
    ids(from, list).await
}

/// Up to `limit` battles that settle and have a sealed result; the most overdue first.
pub async fn list_sealed(
    from: &impl Read,
    except: &[BattleId],
    limit: u32,
) -> Result<Vec<BattleId>> {
    let list = statement(
        "SELECT id FROM battles WHERE status = 'SETTLING' AND id <> ALL ($1)
             AND EXISTS (SELECT FROM battle_results r WHERE r.battle_id = battles.id)
         ORDER BY end_time_ms LIMIT $2",
        [uuids(except), i64::from(limit).into()],
    );
    ids(from, list).await
}

/// Up to `limit` battles that are not over and never will be, for the market that they lived through
/// is gone.
pub async fn list_lost(from: &impl Read, except: &[BattleId], limit: u32) -> Result<Vec<BattleId>> {
    let list = statement(
        "SELECT id FROM battles b JOIN arena_battles a ON a.battle_id = b.id
         WHERE a.status = 'LOST' AND b.status IN ('OPEN', 'SETTLING') AND id <> ALL ($1)
         ORDER BY id LIMIT $2",
        [uuids(except), i64::from(limit).into()],
    );
    ids(from, list).await
}

/// Whether the market that a battle lived through is gone.
pub async fn is_lost(from: &impl Read, battle: BattleId) -> Result<bool> {
    let find = statement(
        "SELECT battle_id AS id FROM arena_battles WHERE battle_id = $1 AND status = 'LOST'",
        [battle.uuid().into()],
    );
    Ok(!ids::<BattleId>(from, find).await?.is_empty())
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

fn uuids(battles: &[BattleId]) -> Value {
    let uuids: Vec<Uuid> = battles.iter().map(|battle| battle.uuid()).collect();
    uuids.into()
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
