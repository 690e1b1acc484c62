//! One transaction for the effects of many inputs.

use contracts::shard::Shard;
use domain::battle::{BattleState, LogEntry, OutcomeState, ParticipantState};
use domain::id::{BattleId, PositionId};
use domain::position::PositionState;
use entity::arena_shard::Model;
use sea_orm::{ConnectionTrait, FromQueryResult};
use serde_json::json;

use super::position::{self, Row};
use super::shard::{Checkpoint, Lease, epochs, numbers, shard};
use crate::dead_letter::{self, DeadLetter};
use crate::statement::statement;
use crate::{Db, Result, Tx, outbox};

/// How many rows one statement writes: it has a time limit, and a parameter a size limit.
const ROWS_AT_ONCE: usize = 10_000;

/// What a shard has to write: new rows, the latest of each changed row, and how far it has read.
#[derive(Clone, Debug)]
pub struct Batch {
    /// Who writes.
    pub lease: Lease,
    /// The number of commits that the shard must have seen.
    pub commits: i64,
    /// How far it has read.
    pub checkpoint: Checkpoint,
    /// Battles.
    pub battles: Vec<BattleState>,
    /// Players.
    pub participants: Vec<ParticipantState>,
    /// Positions.
    pub positions: Vec<PositionState>,
    /// Outcomes of commands, each with the position that the command speaks of.
    pub outcomes: Vec<(OutcomeState, PositionId)>,
    /// New entries of battles' logs.
    pub log: Vec<(BattleId, LogEntry)>,
    /// What is announced.
    pub announcements: Vec<outbox::Row>,
    /// Requests that cannot be read.
    pub dead_letters: Vec<DeadLetter>,
}

impl Batch {
    /// How many rows and messages it writes, but for the shard's own row.
    pub fn effects(&self) -> usize {
        let rows = self.battles.len() + self.participants.len() + self.positions.len();
        let news = self.outcomes.len() + self.log.len() + self.announcements.len();
        rows + news + self.dead_letters.len()
    }
}

/// What became of batches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Written {
    /// They are true now.
    Committed,
    /// These shards are not their owner's any more, or have seen another number of commits.
    /// Nothing was written, of no shard.
    Lost(Vec<Shard>),
}

/// Writes the batches of several shards, one of each, in one transaction. After `Unavailable` the
/// shards' number of commits tells what came of it.
pub async fn write(db: &Db, batches: &[Batch]) -> Result<Written> {
    let tx = db.begin().await?;
    let kept = advance(&tx, batches).await?;
    if kept.len() < batches.len() {
        tx.rollback().await?;
        let shards = batches.iter().map(|batch| batch.lease.shard);
        return Ok(Written::Lost(
            shards.filter(|shard| !kept.contains(shard)).collect(),
        ));
    }
    write_battles(&tx, batches).await?;
    write_participants(&tx, batches).await?;
    write_positions(&tx, batches).await?;
    insert_outcomes(&tx, batches).await?;
    insert_log(&tx, batches).await?;
    for batch in batches {
        for announcements in batch.announcements.chunks(ROWS_AT_ONCE) {
            tx.announce_all(announcements).await?;
        }
        for letter in &batch.dead_letters {
            dead_letter::park_in(&tx, letter).await?;
        }
    }
    tx.commit().await?;
    Ok(Written::Committed)
}

/// The first statement of every commit: moves the checkpoints of those shards that are still the
/// owner's and stand where it thinks. Locks their rows in one order for everybody.
async fn advance(tx: &Tx, batches: &[Batch]) -> Result<Vec<Shard>> {
    let leases: Vec<Lease> = batches.iter().map(|batch| batch.lease).collect();
    let commits: Vec<i64> = batches.iter().map(|batch| batch.commits).collect();
    let places = batches.iter().map(|Batch { checkpoint, .. }| {
        json!({
            "market_state": checkpoint.market,
            "incarnation": checkpoint.positions.incarnation,
            "sequence": checkpoint.positions.sequence,
        })
    });
    let advance = statement(
        "WITH held AS (
             SELECT s.shard, $4::jsonb -> (next.place - 1)::int AS place FROM arena_shards s
             JOIN unnest($1::smallint[], $2::bigint[], $3::bigint[]) WITH ORDINALITY
                 AS next (shard, epoch, commits, place)
                 ON s.shard = next.shard AND s.epoch = next.epoch AND s.commits = next.commits
             ORDER BY s.shard FOR NO KEY UPDATE OF s
         )
         UPDATE arena_shards s SET commits = s.commits + 1,
             market_state = held.place -> 'market_state',
             positions_incarnation = (held.place ->> 'incarnation')::bigint,
             positions_sequence = (held.place ->> 'sequence')::bigint
         FROM held WHERE s.shard = held.shard
         RETURNING s.*",
        [
            numbers(&leases).into(),
            epochs(&leases).into(),
            commits.into(),
            places.collect::<serde_json::Value>().into(),
        ],
    );
    let rows = Model::find_by_statement(advance).all(tx.inner()).await?;
    rows.iter().map(shard).collect()
}

async fn write_battles(tx: &Tx, batches: &[Batch]) -> Result<()> {
    let rows = batches
        .iter()
        .flat_map(|batch| &batch.battles)
        .map(|battle| {
            json!({
                "battle_id": battle.terms.battle,
                "shard": Shard::of(battle.terms.battle),
                "terms": battle.terms,
                "status": battle.status,
                "log_number": battle.log_number,
                "accepted": battle.accepted,
                "last_effective_time_ms": battle.last_effective_time,
                "finals": battle.finals,
                "ended_at": battle.ended_at,
                "result": battle.result,
            })
        });
    let write = "INSERT INTO arena_battles (battle_id, shard, terms, status, log_number, accepted,
             last_effective_time_ms, finals, ended_at, result)
         SELECT battle_id, shard, terms, status, log_number, accepted, last_effective_time_ms,
             finals, ended_at, result
         FROM jsonb_populate_recordset(NULL::arena_battles, $1)
         ON CONFLICT (battle_id) DO UPDATE SET status = excluded.status,
             log_number = excluded.log_number, accepted = excluded.accepted,
             last_effective_time_ms = excluded.last_effective_time_ms,
             finals = excluded.finals, ended_at = excluded.ended_at, result = excluded.result";
    write_rows(tx, write, rows).await
}

async fn write_participants(tx: &Tx, batches: &[Batch]) -> Result<()> {
    let rows = batches
        .iter()
        .flat_map(|batch| &batch.participants)
        .map(|participant| {
            json!({
                "battle_id": participant.battle,
                "player_id": participant.player,
                "number": participant.number,
                "cash": participant.cash,
                "cards_left": participant.cards_left,
                "fills": participant.fills,
                "usage_second": participant.usage.second,
                "usage_in_second": participant.usage.in_second,
                "usage_orders": participant.usage.orders,
                "usage_exits": participant.usage.exits,
            })
        });
    let write = "INSERT INTO arena_participants
         SELECT * FROM jsonb_populate_recordset(NULL::arena_participants, $1)
         ON CONFLICT (battle_id, player_id) DO UPDATE SET cash = excluded.cash,
             cards_left = excluded.cards_left, fills = excluded.fills,
             usage_second = excluded.usage_second, usage_in_second = excluded.usage_in_second,
             usage_orders = excluded.usage_orders, usage_exits = excluded.usage_exits";
    write_rows(tx, write, rows).await
}

async fn write_positions(tx: &Tx, batches: &[Batch]) -> Result<()> {
    let positions = batches.iter().flat_map(|batch| &batch.positions);
    let rows: Vec<Row> = positions.map(Row::from).collect();
    for rows in rows.chunks(ROWS_AT_ONCE) {
        tx.inner().execute_raw(position::upsert(rows)?).await?;
    }
    Ok(())
}

async fn insert_outcomes(tx: &Tx, batches: &[Batch]) -> Result<()> {
    let rows = batches
        .iter()
        .flat_map(|batch| &batch.outcomes)
        .map(|(kept, position)| {
            json!({
                "battle_id": kept.battle,
                "player_id": kept.player,
                "request_id": kept.request,
                "position_id": position,
                "body_hash": kept.body_hash,
                "outcome": kept.outcome,
            })
        });
    let insert = "INSERT INTO position_outcomes
             (battle_id, player_id, request_id, position_id, body_hash, outcome)
         SELECT battle_id, player_id, request_id, position_id, body_hash, outcome
         FROM jsonb_populate_recordset(NULL::position_outcomes, $1)";
    write_rows(tx, insert, rows).await
}

async fn insert_log(tx: &Tx, batches: &[Batch]) -> Result<()> {
    let rows = batches.iter().flat_map(|batch| &batch.log).map(|(battle, entry)| {
        json!({ "battle_id": battle, "number": entry.place.number, "entry": entry })
    });
    let insert = "INSERT INTO battle_log
         SELECT * FROM jsonb_populate_recordset(NULL::battle_log, $1)";
    write_rows(tx, insert, rows).await
}

async fn write_rows(
    tx: &Tx,
    sql: &str,
    rows: impl Iterator<Item = serde_json::Value>,
) -> Result<()> {
    let rows: Vec<serde_json::Value> = rows.collect();
    for rows in rows.chunks(ROWS_AT_ONCE) {
        let rows = serde_json::Value::from(rows);
        tx.inner()
            .execute_raw(statement(sql, [rows.into()]))
            .await?;
    }
    Ok(())
}
