//! Reading battles back as the engine left them.

use std::collections::BTreeMap;

use contracts::shard::Shard;
use domain::battle::{
    AssetFinal, BattleRows, BattleState, BattleStatus, BattleTerms, OutcomeState, ParticipantState,
    Usage,
};
use domain::chips::Chips;
use domain::id::{BattleId, RequestId, UserId};
use domain::order::{BodyHash, Outcome};
use domain::position::PositionState;
use domain::ranking::BattleResult;
use domain::timestamp::Timestamp;
use sea_orm::{FromQueryResult, Statement};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use uuid::Uuid;

use super::position::Row;
use crate::statement::statement;
use crate::{Error, Read, Result};

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
    let rows = list::<BattleRow>(from, BATTLES, &[battle]).await?;
    Ok(rows.into_iter().next().map(BattleRow::state))
}

/// Every row of these battles, in no particular order. A battle without rows is left out.
pub async fn list_rows(from: &impl Read, battles: &[BattleId]) -> Result<Vec<BattleRows>> {
    let (found, participants, positions, outcomes) = tokio::try_join!(
        list::<BattleRow>(from, BATTLES, battles),
        list::<ParticipantRow>(from, PARTICIPANTS, battles),
        list::<Row>(from, POSITIONS, battles),
        list::<OutcomeRow>(from, OUTCOMES, battles),
    )?;
    let mut rows: BTreeMap<BattleId, BattleRows> = BTreeMap::new();
    for row in found {
        let battle = row.state();
        rows.insert(
            battle.terms.battle,
            BattleRows {
                battle,
                participants: Vec::new(),
                positions: Vec::new(),
                outcomes: Vec::new(),
            },
        );
    }
    for row in participants {
        let participant = row.state();
        if let Some(rows) = rows.get_mut(&participant.battle) {
            rows.participants.push(participant);
        }
    }
    for row in positions {
        let position: PositionState = row.state()?;
        if let Some(rows) = rows.get_mut(&position.battle) {
            rows.positions.push(position);
        }
    }
    for row in outcomes {
        let outcome = row.state();
        if let Some(rows) = rows.get_mut(&outcome.battle) {
            rows.outcomes.push(outcome);
        }
    }
    for rows in rows.values_mut() {
        rows.participants
            .sort_by_key(|participant| participant.number);
        rows.positions.sort_by_key(|position| position.number);
    }
    Ok(rows.into_values().collect())
}

/// Where rows lie, what names one of them, and its columns in the order of the fields that they
/// are read into.
#[derive(Clone, Copy)]
struct Table {
    name: &'static str,
    id: &'static str,
    columns: &'static str,
}

const BATTLES: Table = Table {
    name: "arena_battles",
    id: "battle_id",
    columns: "terms, status, log_number, accepted, last_effective_time_ms, finals, ended_at, result",
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
        close_fee, payout, noted",
};
const OUTCOMES: Table = Table {
    name: "position_outcomes",
    id: "request_id",
    columns: "battle_id, player_id, request_id, body_hash, outcome",
};

#[derive(FromQueryResult)]
struct TextRow {
    id: Uuid,
    row: String,
}

/// Rows straight from the text of JSON arrays, with `columns` in the order of the row's fields: a
/// shard that is taken over may have ten thousand positions, and to read values first, or the
/// names of fields, takes several times as long.
async fn list<R: DeserializeOwned>(
    from: &impl Read,
    table: Table,
    battles: &[BattleId],
) -> Result<Vec<R>> {
    let Table { name, id, columns } = table;
    let sql = format!(
        "SELECT {id} AS id, json_build_array({columns})::text AS row FROM {name}
         WHERE battle_id = ANY ($1)"
    );
    let battles: Vec<Uuid> = battles.iter().map(|battle| battle.uuid()).collect();
    let find = statement(&sql, [battles.into()]);
    let rows = TextRow::find_by_statement(find).all(from.conn()).await?;
    let parse = |TextRow { id, row }: TextRow| {
        let parsed = serde_json::from_str(&row).ok();
        parsed.ok_or_else(|| Error::corrupt(name, id))
    };
    rows.into_iter().map(parse).collect()
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
    outcome: Outcome,
}

impl OutcomeRow {
    fn state(self) -> OutcomeState {
        OutcomeState {
            battle: self.battle_id,
            player: self.player_id,
            request: self.request_id,
            body_hash: self.body_hash,
            outcome: self.outcome,
        }
    }
}

#[derive(FromQueryResult)]
struct IdRow {
    id: Uuid,
}

pub(super) async fn ids(from: &impl Read, list: Statement) -> Result<Vec<BattleId>> {
    let rows = IdRow::find_by_statement(list).all(from.conn()).await?;
    Ok(rows.into_iter().map(|row| row.id.into()).collect())
}

pub(super) fn numbers(shards: &[Shard]) -> Vec<i16> {
    shards.iter().map(|shard| i16::from(shard.get())).collect()
}
