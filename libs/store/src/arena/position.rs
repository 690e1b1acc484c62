//! A position as a row: the engine's state, field by field.

use domain::chips::Chips;
use domain::id::{BattleId, PositionId, UserId};
use domain::leverage::Leverage;
use domain::market::Tick;
use domain::order::{OrderKind, Side};
use domain::position::{End, EndCause, Exit, Fill, Noted, PositionState, PositionStatus};
use domain::price::Price;
use domain::symbol::Symbol;
use domain::timestamp::Timestamp;
use sea_orm::{Statement, Value};
use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;

use crate::statement::statement;
use crate::{Error, Result};

/// A row of `positions`, without its bookkeeping.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Row {
    id: PositionId,
    pub(super) battle_id: BattleId,
    player_id: UserId,
    number: u32,
    symbol: Symbol,
    side: Side,
    kind: Kind,
    limit_price: Option<Price>,
    margin: Chips,
    leverage: Leverage,
    size: Chips,
    open_fee: Chips,
    card_spent: bool,
    stop_loss: Option<Price>,
    take_profit: Option<Price>,
    status: PositionStatus,
    effective_time_ms: Timestamp,
    stale_at_ms: Option<Timestamp>,
    fill_trade: Option<u64>,
    fill_price: Option<Price>,
    fill_time_ms: Option<Timestamp>,
    fill_sequence: Option<u64>,
    liquidation_price: Option<Price>,
    end_cause: Option<EndCause>,
    end_time_ms: Option<Timestamp>,
    end_sequence: Option<u64>,
    exit_trade: Option<u64>,
    exit_price: Option<Price>,
    exit_trade_time_ms: Option<Timestamp>,
    profit: Option<Chips>,
    close_fee: Option<Chips>,
    payout: Option<Chips>,
    noted: Vec<Noted>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
enum Kind {
    Market,
    Limit,
}

impl From<&PositionState> for Row {
    fn from(state: &PositionState) -> Self {
        let fill = state.fill;
        let end = state.end;
        let exit = end.and_then(|end| end.exit);
        let (kind, limit_price) = match state.kind {
            OrderKind::Market => (Kind::Market, None),
            OrderKind::Limit(price) => (Kind::Limit, Some(price)),
        };
        Self {
            id: state.id,
            battle_id: state.battle,
            player_id: state.player,
            number: state.number,
            symbol: state.symbol.clone(),
            side: state.side,
            kind,
            limit_price,
            margin: state.margin,
            leverage: state.leverage,
            size: state.size,
            open_fee: state.open_fee,
            card_spent: state.card_spent,
            stop_loss: state.stop_loss,
            take_profit: state.take_profit,
            status: state.status,
            effective_time_ms: state.effective_time,
            stale_at_ms: state.stale_at,
            fill_trade: fill.map(|fill| fill.tick.trade),
            fill_price: fill.map(|fill| fill.tick.price),
            fill_time_ms: fill.map(|fill| fill.tick.time),
            fill_sequence: fill.map(|fill| fill.sequence),
            liquidation_price: fill.and_then(|fill| fill.liquidation),
            end_cause: end.map(|end| end.cause),
            end_time_ms: end.map(|end| end.time),
            end_sequence: end.map(|end| end.sequence),
            exit_trade: exit.map(|exit| exit.tick.trade),
            exit_price: exit.map(|exit| exit.tick.price),
            exit_trade_time_ms: exit.map(|exit| exit.tick.time),
            profit: exit.map(|exit| exit.profit),
            close_fee: exit.map(|exit| exit.fee),
            payout: exit.map(|exit| exit.payout),
            noted: state.noted.clone(),
        }
    }
}

/// Stands for null in an array of numbers, whose values are bound without any.
const NULL: i64 = i64::MIN;

/// The statement that writes rows, whether they are new or there. It has an array a column, which
/// Postgres reads several times as fast as JSON.
pub(super) fn upsert(rows: &[Row]) -> Statement {
    let ids = |of: fn(&Row) -> Uuid| -> Value { rows.iter().map(of).collect::<Vec<_>>().into() };
    let texts =
        |of: fn(&Row) -> String| -> Value { rows.iter().map(of).collect::<Vec<_>>().into() };
    let numbers = |of: fn(&Row) -> Option<i64>| -> Value {
        let numbers = rows.iter().map(|row| of(row).unwrap_or(NULL));
        numbers.collect::<Vec<_>>().into()
    };
    let spent: Vec<bool> = rows.iter().map(|row| row.card_spent).collect();
    let values = [
        ids(|row| row.id.uuid()),
        ids(|row| row.battle_id.uuid()),
        ids(|row| row.player_id.uuid()),
        numbers(|row| Some(row.number.into())),
        texts(|row| row.symbol.to_string()),
        texts(|row| name(row.side)),
        texts(|row| name(row.kind)),
        numbers(|row| row.limit_price.map(Price::units)),
        numbers(|row| Some(row.margin.units())),
        numbers(|row| Some(row.leverage.times().into())),
        numbers(|row| Some(row.size.units())),
        numbers(|row| Some(row.open_fee.units())),
        spent.into(),
        numbers(|row| row.stop_loss.map(Price::units)),
        numbers(|row| row.take_profit.map(Price::units)),
        texts(|row| name(row.status)),
        numbers(|row| Some(row.effective_time_ms.ms())),
        numbers(|row| row.stale_at_ms.map(Timestamp::ms)),
        numbers(|row| row.fill_trade.map(signed)),
        numbers(|row| row.fill_price.map(Price::units)),
        numbers(|row| row.fill_time_ms.map(Timestamp::ms)),
        numbers(|row| row.fill_sequence.map(signed)),
        numbers(|row| row.liquidation_price.map(Price::units)),
        texts(|row| row.end_cause.map(name).unwrap_or_default()),
        numbers(|row| row.end_time_ms.map(Timestamp::ms)),
        numbers(|row| row.end_sequence.map(signed)),
        numbers(|row| row.exit_trade.map(signed)),
        numbers(|row| row.exit_price.map(Price::units)),
        numbers(|row| row.exit_trade_time_ms.map(Timestamp::ms)),
        numbers(|row| row.profit.map(Chips::units)),
        numbers(|row| row.close_fee.map(Chips::units)),
        numbers(|row| row.payout.map(Chips::units)),
        texts(|row| json!(row.noted).to_string()),
        NULL.into(),
    ];
    statement(UPSERT, values)
}

const UPSERT: &str = "
    INSERT INTO positions (id, battle_id, player_id, number, symbol, side, kind, limit_price,
        margin, leverage, size, open_fee, card_spent, stop_loss, take_profit, status,
        effective_time_ms, stale_at_ms, fill_trade, fill_price, fill_time_ms, fill_sequence,
        liquidation_price, end_cause, end_time_ms, end_sequence, exit_trade, exit_price,
        exit_trade_time_ms, profit, close_fee, payout, noted)
    SELECT id, battle_id, player_id, number, symbol, side, kind, nullif(limit_price, $34),
        margin, leverage, size, open_fee, card_spent, nullif(stop_loss, $34),
        nullif(take_profit, $34), status, effective_time_ms, nullif(stale_at_ms, $34),
        nullif(fill_trade, $34), nullif(fill_price, $34), nullif(fill_time_ms, $34),
        nullif(fill_sequence, $34), nullif(liquidation_price, $34), nullif(end_cause, ''),
        nullif(end_time_ms, $34), nullif(end_sequence, $34), nullif(exit_trade, $34),
        nullif(exit_price, $34), nullif(exit_trade_time_ms, $34), nullif(profit, $34),
        nullif(close_fee, $34), nullif(payout, $34), noted::jsonb
    FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::bigint[], $5::text[], $6::text[],
        $7::text[], $8::bigint[], $9::bigint[], $10::bigint[], $11::bigint[], $12::bigint[],
        $13::boolean[], $14::bigint[], $15::bigint[], $16::text[], $17::bigint[], $18::bigint[],
        $19::bigint[], $20::bigint[], $21::bigint[], $22::bigint[], $23::bigint[], $24::text[],
        $25::bigint[], $26::bigint[], $27::bigint[], $28::bigint[], $29::bigint[], $30::bigint[],
        $31::bigint[], $32::bigint[], $33::text[])
        AS row (id, battle_id, player_id, number, symbol, side, kind, limit_price, margin,
            leverage, size, open_fee, card_spent, stop_loss, take_profit, status,
            effective_time_ms, stale_at_ms, fill_trade, fill_price, fill_time_ms, fill_sequence,
            liquidation_price, end_cause, end_time_ms, end_sequence, exit_trade, exit_price,
            exit_trade_time_ms, profit, close_fee, payout, noted)
    ON CONFLICT (id) DO UPDATE SET updated_at = now(), stop_loss = excluded.stop_loss,
        take_profit = excluded.take_profit, status = excluded.status,
        stale_at_ms = excluded.stale_at_ms, card_spent = excluded.card_spent,
        fill_trade = excluded.fill_trade, fill_price = excluded.fill_price,
        fill_time_ms = excluded.fill_time_ms, fill_sequence = excluded.fill_sequence,
        liquidation_price = excluded.liquidation_price, end_cause = excluded.end_cause,
        end_time_ms = excluded.end_time_ms, end_sequence = excluded.end_sequence,
        exit_trade = excluded.exit_trade, exit_price = excluded.exit_price,
        exit_trade_time_ms = excluded.exit_trade_time_ms, profit = excluded.profit,
        close_fee = excluded.close_fee, payout = excluded.payout, noted = excluded.noted";

/// The text of a value that is a word.
fn name<T: Serialize>(word: T) -> String {
    json!(word).as_str().unwrap_or_default().to_owned()
}

/// Ids of trades and places in the market's stream: Postgres knows no larger ones.
fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

impl Row {
    /// The state that the row was made from; `Corrupt` where columns contradict each other.
    pub(super) fn state(self) -> Result<PositionState> {
        let corrupt = || Error::corrupt("positions", self.id);
        let kind = match (self.kind, self.limit_price) {
            (Kind::Market, None) => OrderKind::Market,
            (Kind::Limit, Some(price)) => OrderKind::Limit(price),
            (Kind::Market, Some(_)) | (Kind::Limit, None) => return Err(corrupt()),
        };
        Ok(PositionState {
            fill: self.fill().ok_or_else(corrupt)?,
            end: self.end().ok_or_else(corrupt)?,
            id: self.id,
            battle: self.battle_id,
            player: self.player_id,
            number: self.number,
            symbol: self.symbol,
            side: self.side,
            kind,
            margin: self.margin,
            leverage: self.leverage,
            size: self.size,
            open_fee: self.open_fee,
            card_spent: self.card_spent,
            stop_loss: self.stop_loss,
            take_profit: self.take_profit,
            status: self.status,
            effective_time: self.effective_time_ms,
            stale_at: self.stale_at_ms,
            noted: self.noted,
        })
    }

    /// The fill; none at all where half of it is missing.
    fn fill(&self) -> Option<Option<Fill>> {
        let tick = tick(self.fill_trade, self.fill_price, self.fill_time_ms)?;
        let fill = tick.zip(self.fill_sequence);
        let fill = fill.map(|(tick, sequence)| {
            let liquidation = self.liquidation_price;
            Fill {
                tick,
                sequence,
                liquidation,
            }
        });
        (fill.is_some() == tick.is_some()).then_some(fill)
    }

    /// The end; none at all where half of it is missing.
    fn end(&self) -> Option<Option<End>> {
        let exit = self.exit()?;
        match (self.end_cause, self.end_time_ms, self.end_sequence) {
            (Some(cause), Some(time), Some(sequence)) => Some(Some(End {
                cause,
                time,
                sequence,
                exit,
            })),
            (None, None, None) if exit.is_none() => Some(None),
            _ => None,
        }
    }

    fn exit(&self) -> Option<Option<Exit>> {
        let tick = tick(self.exit_trade, self.exit_price, self.exit_trade_time_ms)?;
        match (tick, self.profit, self.close_fee, self.payout) {
            (Some(tick), Some(profit), Some(fee), Some(payout)) => Some(Some(Exit {
                tick,
                profit,
                fee,
                payout,
            })),
            (None, None, None, None) => Some(None),
            _ => None,
        }
    }
}

fn tick(trade: Option<u64>, price: Option<Price>, time: Option<Timestamp>) -> Option<Option<Tick>> {
    match (trade, price, time) {
        (Some(trade), Some(price), Some(time)) => Some(Some(Tick { trade, price, time })),
        (None, None, None) => Some(None),
        _ => None,
    }
}
