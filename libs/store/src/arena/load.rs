//! Reading battles back as the engine left them.

use std::collections::BTreeMap;
use std::pin::pin;

use contracts::shard::Shard;
use domain::battle::{
    AssetFinal, BattleRows, BattleState, BattleStatus, BattleTerms, OutcomeState, ParticipantState,
    Usage,
};
use domain::chips::Chips;
use domain::id::{BattleId, PositionId, RequestId, UserId};
use domain::order::{BodyHash, Outcome};
use domain::ranking::BattleResult;
use domain::timestamp::Timestamp;
use futures::TryStreamExt;
use sea_orm::StreamTrait;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use uuid::Uuid;

use super::position::Row;
use crate::statement::{ids, statement};
use crate::{Error, Read, Result, columns};

/// The battles of some shards that the engine follows.
pub async fn list_running(from: &impl Read, shards: &[Shard]) -> Result<Vec<BattleId>> {
    let list = statement(
        "SELECT battle_id AS id FROM arena_battles WHERE shard = ANY ($1) AND status = 'OPEN'
         ORDER BY battle_id",
        [numbers(shards).into()],
    );
    ids(from, list).await
}

/// Finds a battle as the engine left it.
pub async fn find_battle(from: &impl Read, battle: BattleId) -> Result<Option<BattleState>> {
    let mut found = list_battles(from, &[battle]).await?;
    Ok(found.pop())
}

/// Every row of these battles, in no particular order. A battle without rows is left out.
pub async fn list_rows(from: &impl Read, battles: &[BattleId]) -> Result<Vec<BattleRows>> {
    let (found, mut participants, mut positions, mut outcomes) = tokio::try_join!(
        list_battles(from, battles),
        list(from, PARTICIPANTS, battles, |row: ParticipantRow| {
            Ok((row.battle_id, row.state()))
        }),
        list(from, POSITIONS, battles, |row: Row| {
            Ok((row.battle_id, row.state()?))
        }),
        list(from, OUTCOMES, battles, |row: OutcomeRow| {
            Ok((row.battle_id, row.state()?))
        }),
    )?;
    let rows = found.into_iter().map(|battle| {
        let id = battle.terms.battle;
        let mut rows = BattleRows {
            battle,
            participants: participants.remove(&id).unwrap_or_default(),
            positions: positions.remove(&id).unwrap_or_default(),
            outcomes: outcomes.remove(&id).unwrap_or_default(),
        };
        rows.participants
            .sort_by_key(|participant| participant.number);
        rows.positions.sort_by_key(|position| position.number);
        rows
    });
    Ok(rows.collect())
}

async fn list_battles(from: &impl Read, battles: &[BattleId]) -> Result<Vec<BattleState>> {
    let found = list(from, BATTLES, battles, |row: BattleRow| {
        let battle = row.state();
        Ok((battle.terms.battle, battle))
    });
    Ok(found.await?.into_values().flatten().collect())
}

/// Where rows lie, what names one of them, and the columns: first those of the fields that they
/// are read into, in their order.
#[derive(Clone, Copy)]
struct Table {
    name: &'static str,
    id: &'static str,
    columns: &'static str,
}

const BATTLES: Table = Table {
    name: "arena_battles",
    id: "battle_id",
    columns:
        "terms, status, log_number, accepted, last_effective_time_ms, finals, ended_at, result,
        battle_id",
};
const PARTICIPANTS: Table = Table {
    name: "arena_participants",
    id: "player_id",
    columns: "battle_id, player_id, number, cash, cards_left, fills, usage_second,
        usage_in_second, usage_orders, usage_exits",
};
const POSITIONS: Table = Table {
    name: "positions",
    id: "id",
    columns: "id, battle_id, player_id, number, symbol, side, kind, limit_price, margin, leverage,
        size, open_fee, card_spent, stop_loss, take_profit, status, effective_time_ms,
        stale_at_ms, fill_trade, fill_price, fill_time_ms, fill_sequence, liquidation_price,
        end_cause, end_time_ms, end_sequence, exit_trade, exit_price, exit_trade_time_ms, profit,
        close_fee, payout, nullif(noted, '[]')",
};
const OUTCOMES: Table = Table {
    name: "position_outcomes",
    id: "request_id",
    columns: "battle_id, player_id, request_id, body_hash, position_id,
        CASE WHEN outcome ? 'accepted' THEN NULL ELSE outcome END",
};

/// The rows of each battle, made into `S` as they come: an arena that starts may have a million
/// positions.
async fn list<R: DeserializeOwned, S>(
    from: &impl Read,
    table: Table,
    battles: &[BattleId],
    state: impl Fn(R) -> Result<(BattleId, S)>,
) -> Result<BTreeMap<BattleId, Vec<S>>> {
    let Table { name, id, columns } = table;
    let sql = format!("SELECT {columns} FROM {name} WHERE battle_id = ANY ($1)");
    let battles: Vec<Uuid> = battles.iter().map(|battle| battle.uuid()).collect();
    let find = statement(&sql, [battles.into()]);
    let mut rows = pin!(from.conn().stream_raw(find).await?);
    let mut states: BTreeMap<BattleId, Vec<S>> = BTreeMap::new();
    while let Some(row) = rows.try_next().await? {
        let Ok(read) = columns::read(&row) else {
            return Err(Error::corrupt(name, row.try_get::<Uuid>("", id)?));
        };
        let (battle, state) = state(read)?;
        states.entry(battle).or_default().push(state);
    }
    Ok(states)
}

#[derive(Deserialize)]
struct BattleRow {
    terms: BattleTerms,
    status: BattleStatus,
    log_number: u64,
    accepted: u32,
    last_effective_time_ms: Option<Timestamp>,
    finals: Vec<AssetFinal>,
    ended_at: Option<u64>,
    result: Option<BattleResult>,
}

impl BattleRow {
    fn state(self) -> BattleState {
        BattleState {
            terms: self.terms,
            status: self.status,
            log_number: self.log_number,
            accepted: self.accepted,
            last_effective_time: self.last_effective_time_ms,
            finals: self.finals,
            ended_at: self.ended_at,
            result: self.result,
        }
    }
}

#[derive(Deserialize)]
struct ParticipantRow {
    battle_id: BattleId,
    player_id: UserId,
    number: u32,
    cash: Chips,
    cards_left: u32,
    fills: u32,
    usage_second: i64,
    usage_in_second: u32,
    usage_orders: u32,
    usage_exits: u32,
}

impl ParticipantRow {
    fn state(self) -> ParticipantState {
        ParticipantState {
            battle: self.battle_id,
            player: self.player_id,
            number: self.number,
            cash: self.cash,
            cards_left: self.cards_left,
            fills: self.fills,
            usage: Usage {
                second: self.usage_second,
                in_second: self.usage_in_second,
                orders: self.usage_orders,
                exits: self.usage_exits,
            },
        }
    }
}

#[derive(Deserialize)]
struct OutcomeRow {
    battle_id: BattleId,
    player_id: UserId,
    request_id: RequestId,
    body_hash: BodyHash,
    /// The position that the command creates or speaks of.
    position_id: Option<PositionId>,
    /// None where it was accepted: the position says it all, and costs less to read than JSON.
    refused: Option<Outcome>,
}

impl OutcomeRow {
    /// `Corrupt` where there is neither.
    fn state(self) -> Result<OutcomeState> {
        let accepted = || {
            Some(Outcome::Accepted {
                position: self.position_id?,
            })
        };
        let outcome = self.refused.or_else(accepted);
        let outcome =
            outcome.ok_or_else(|| Error::corrupt("position_outcomes", self.request_id))?;
        Ok(OutcomeState {
            battle: self.battle_id,
            player: self.player_id,
            request: self.request_id,
            body_hash: self.body_hash,
            outcome,
        })
    }
}

pub(super) fn numbers(shards: &[Shard]) -> Vec<i16> {
    shards.iter().map(|shard| i16::from(shard.get())).collect()
}
