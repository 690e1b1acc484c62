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
use serde::{Deserialize, Serialize};

use crate::arrays::{Arrays, word};
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
    /// None where there is nothing.
    noted: Option<Vec<Noted>>,
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
            noted: Some(state.noted.clone()),
        }
    }
}

/// What is written of rows that are new.
pub(super) fn new(rows: &[Row]) -> Result<Arrays<'_, Row>> {
    let fixed = named(rows)
        .ids("battle_id", |row| row.battle_id.uuid())
        .ids("player_id", |row| row.player_id.uuid())
        .numbers("number", |row| Some(row.number))?
        .texts("symbol", |row| row.symbol.to_string())
        .texts("side", |row| word(row.side))
        .texts("kind", |row| word(row.kind))
        .numbers("limit_price", |row| row.limit_price.map(Price::units))?
        .numbers("margin", |row| Some(row.margin.units()))?
        .numbers("leverage", |row| Some(row.leverage.times()))?
        .numbers("size", |row| Some(row.size.units()))?
        .numbers("open_fee", |row| Some(row.open_fee.units()))?
        .numbers("effective_time_ms", |row| Some(row.effective_time_ms.ms()))?;
    with_what_changes(fixed)
}

/// What is written of rows that are there.
pub(super) fn changed(rows: &[Row]) -> Result<Arrays<'_, Row>> {
    let named = named(rows).changing().stamped("updated_at");
    with_what_changes(named)
}

fn named(rows: &[Row]) -> Arrays<'_, Row> {
    Arrays::of("positions", rows, |row| row.id.to_string()).ids("id", |row| row.id.uuid())
}

fn with_what_changes(arrays: Arrays<'_, Row>) -> Result<Arrays<'_, Row>> {
    arrays
        .flags("card_spent", |row| row.card_spent)
        .numbers("stop_loss", |row| row.stop_loss.map(Price::units))?
        .numbers("take_profit", |row| row.take_profit.map(Price::units))?
        .texts("status", |row| word(row.status))
        .numbers("stale_at_ms", |row| row.stale_at_ms.map(Timestamp::ms))?
        .numbers("fill_trade", |row| row.fill_trade)?
        .numbers("fill_price", |row| row.fill_price.map(Price::units))?
        .numbers("fill_time_ms", |row| row.fill_time_ms.map(Timestamp::ms))?
        .numbers("fill_sequence", |row| row.fill_sequence)?
        .numbers("liquidation_price", |row| {
            row.liquidation_price.map(Price::units)
        })?
        .texts("end_cause", |row| {
            row.end_cause.map(word).unwrap_or_default()
        })
        .numbers("end_time_ms", |row| row.end_time_ms.map(Timestamp::ms))?
        .numbers("end_sequence", |row| row.end_sequence)?
        .numbers("exit_trade", |row| row.exit_trade)?
        .numbers("exit_price", |row| row.exit_price.map(Price::units))?
        .numbers("exit_trade_time_ms", |row| {
            row.exit_trade_time_ms.map(Timestamp::ms)
        })?
        .numbers("profit", |row| row.profit.map(Chips::units))?
        .numbers("close_fee", |row| row.close_fee.map(Chips::units))?
        .numbers("payout", |row| row.payout.map(Chips::units))?
        .jsons("noted", |row| row.noted.clone().unwrap_or_default())
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
            noted: self.noted.unwrap_or_default(),
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

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    /// A position that was filled, and has no other end than that of its numbers.
    fn filled() -> Row {
        let price = Price::from_units(1).unwrap();
        let tick = Tick {
            trade: 1,
            price,
            time: Timestamp::from_ms(1),
        };
        let chips = Chips::from_units(1);
        (&PositionState {
            id: PositionId::new(Uuid::from_u128(1)),
            battle: BattleId::new(Uuid::from_u128(2)),
            player: UserId::new(Uuid::from_u128(3)),
            number: 0,
            symbol: "BTCUSDT".parse().unwrap(),
            side: Side::Buy,
            kind: OrderKind::Market,
            margin: chips,
            leverage: Leverage::MAX,
            size: chips,
            open_fee: chips,
            card_spent: false,
            stop_loss: None,
            take_profit: None,
            status: PositionStatus::Open,
            effective_time: Timestamp::from_ms(1),
            stale_at: None,
            fill: Some(Fill {
                tick,
                sequence: 1,
                liquidation: None,
            }),
            end: None,
            noted: Vec::new(),
        })
            .into()
    }

    /// The column that refuses the row.
    fn refused(row: Row) -> Option<&'static str> {
        match changed(&[row]) {
            Err(Error::OutOfRange { column, .. }) => Some(column),
            Ok(_) | Err(_) => None,
        }
    }

    #[test]
    fn a_number_that_its_column_does_not_hold_is_refused_by_name() {
        assert!(new(&[filled()]).is_ok() && changed(&[filled()]).is_ok());
        let most = i64::MAX.unsigned_abs();
        let with_trade = |trade| Row {
            fill_trade: Some(trade),
            ..filled()
        };
        assert_eq!(refused(with_trade(most)), None);
        assert_eq!(refused(with_trade(most + 1)), Some("fill_trade"));
        let with_profit = |profit| Row {
            profit: Some(Chips::from_units(profit)),
            ..filled()
        };
        assert_eq!(refused(with_profit(i64::MIN + 1)), None);
        assert_eq!(refused(with_profit(i64::MIN)), Some("profit"));
    }
}
