//! Taking a shard over to streams that were created anew, or giving up its battles where they cannot
//! go on: for an operator, while no arena runs it.

use domain::id::BattleId;
use domain::market::Incarnation;
use sea_orm::ConnectionTrait;
use uuid::Uuid;

use super::shard::{Checkpoint, ShardRow};
use crate::statement::statement;
use crate::{Error, Result, Tx, json};

/// Puts a shard at another checkpoint, under a new epoch. False if an arena runs it, or somebody
/// has written since the row was read.
pub async fn remap(tx: &Tx, row: &ShardRow, to: &Checkpoint) -> Result<bool> {
    let sequence = i64::try_from(to.positions.sequence);
    let sequence = sequence.map_err(|_too_large| Error::OutOfRange {
        table: "arena_shards",
        id: row.lease.shard.to_string(),
        column: "positions_sequence",
        number: to.positions.sequence.into(),
    })?;
    let remap = statement(
        "UPDATE arena_shards SET owner = NULL, epoch = epoch + 1, lease_expires_at = 'epoch',
             commits = commits + 1, market_state = $4, positions_incarnation = $5,
             positions_sequence = $6
         WHERE shard = $1 AND epoch = $2 AND commits = $3
             AND lease_expires_at <= clock_timestamp()",
        [
            i16::from(row.lease.shard.get()).into(),
            row.lease.epoch.into(),
            row.commits.into(),
            json::write(&to.market)?.into(),
            to.positions.incarnation.0.into(),
            sequence.into(),
        ],
    );
    Ok(tx.inner().execute_raw(remap).await?.rows_affected() == 1)
}

/// Gives up these battles of a shard, whose market is gone: they have no result and never will, and
/// what was ordered and opened in them is void. False if an arena runs the shard, or somebody has
/// written since the row was read.
pub async fn give_up(tx: &Tx, row: &ShardRow, battles: &[BattleId], at: u64) -> Result<bool> {
    let fence = statement(
        "UPDATE arena_shards SET owner = NULL, epoch = epoch + 1, lease_expires_at = 'epoch',
             commits = commits + 1
         WHERE shard = $1 AND epoch = $2 AND commits = $3
             AND lease_expires_at <= clock_timestamp()",
        [
            i16::from(row.lease.shard.get()).into(),
            row.lease.epoch.into(),
            row.commits.into(),
        ],
    );
    if tx.inner().execute_raw(fence).await?.rows_affected() != 1 {
        return Ok(false);
    }
    let ids: Vec<Uuid> = battles.iter().map(|battle| battle.uuid()).collect();
    let lost = "UPDATE arena_battles SET status = 'LOST', result = NULL WHERE battle_id = ANY ($1)";
    let annulled = "WITH annulled AS (
            UPDATE positions SET status = 'CANCELED', end_cause = 'match_canceled',
                end_time_ms = greatest(effective_time_ms, fill_time_ms), end_sequence = $2,
                updated_at = now()
            WHERE battle_id = ANY ($1) AND status IN ('PENDING', 'OPEN')
            RETURNING battle_id, player_id, margin + open_fee AS back
        )
        UPDATE arena_participants p SET cash = cash + a.back
        FROM (SELECT battle_id, player_id, sum(back)::bigint AS back
              FROM annulled GROUP BY battle_id, player_id) a
        WHERE p.battle_id = a.battle_id AND p.player_id = a.player_id";
    let at = i64::try_from(at).unwrap_or(i64::MAX);
    tx.inner()
        .execute_raw(statement(lost, [ids.clone().into()]))
        .await?;
    tx.inner()
        .execute_raw(statement(annulled, [ids.into(), at.into()]))
        .await?;
    Ok(true)
}

/// Moves a battle's log to another life of MARKET, in which every entry has the sequence that it
/// had.
pub async fn move_log(tx: &Tx, battle: BattleId, to: Incarnation) -> Result<()> {
    let places = "UPDATE battle_log SET entry =
            jsonb_set(entry, '{place,incarnation}', to_jsonb($2::bigint))
        WHERE battle_id = $1";
    let opening = "UPDATE battle_log SET entry =
            jsonb_set(entry, '{body,opened,market,incarnation}', to_jsonb($2::bigint))
        WHERE battle_id = $1 AND number = 1";
    for sql in [places, opening] {
        let moving = statement(sql, [battle.uuid().into(), to.0.into()]);
        tx.inner().execute_raw(moving).await?;
    }
    Ok(())
}
