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

/// Stands for null in an array of numbers, for SeaORM binds none with nulls in it. So it is no value.
const NULL: i64 = i64::MIN;

/// The statement that writes rows, whether they are new or there. It has an array a column, which
/// Postgres reads several times as fast as JSON.
pub(super) fn upsert(rows: &[Row]) -> Result<Statement> {
    let rows = Rows(rows);
    let fixed = [
        rows.ids("id", |row| row.id.uuid()),
        rows.ids("battle_id", |row| row.battle_id.uuid()),
        rows.ids("player_id", |row| row.player_id.uuid()),
        rows.numbers("number", |row| Some(row.number))?,
        rows.texts("symbol", |row| row.symbol.to_string()),
        rows.texts("side", |row| name(row.side)),
        rows.texts("kind", |row| name(row.kind)),
        rows.numbers("limit_price", |row| row.limit_price.map(Price::units))?,
        rows.numbers("margin", |row| Some(row.margin.units()))?,
        rows.numbers("leverage", |row| Some(row.leverage.times()))?,
        rows.numbers("size", |row| Some(row.size.units()))?,
        rows.numbers("open_fee", |row| Some(row.open_fee.units()))?,
        rows.numbers("effective_time_ms", |row| Some(row.effective_time_ms.ms()))?,
    ];
    let changing = [
        rows.flags("card_spent", |row| row.card_spent),
        rows.numbers("stop_loss", |row| row.stop_loss.map(Price::units))?,
        rows.numbers("take_profit", |row| row.take_profit.map(Price::units))?,
        rows.texts("status", |row| name(row.status)),
        rows.numbers("stale_at_ms", |row| row.stale_at_ms.map(Timestamp::ms))?,
        rows.numbers("fill_trade", |row| row.fill_trade)?,
        rows.numbers("fill_price", |row| row.fill_price.map(Price::units))?,
        rows.numbers("fill_time_ms", |row| row.fill_time_ms.map(Timestamp::ms))?,
        rows.numbers("fill_sequence", |row| row.fill_sequence)?,
        rows.numbers("liquidation_price", |row| {
            row.liquidation_price.map(Price::units)
        })?,
        rows.texts("end_cause", |row| {
            row.end_cause.map(name).unwrap_or_default()
        }),
        rows.numbers("end_time_ms", |row| row.end_time_ms.map(Timestamp::ms))?,
        rows.numbers("end_sequence", |row| row.end_sequence)?,
        rows.numbers("exit_trade", |row| row.exit_trade)?,
        rows.numbers("exit_price", |row| row.exit_price.map(Price::units))?,
        rows.numbers("exit_trade_time_ms", |row| {
            row.exit_trade_time_ms.map(Timestamp::ms)
        })?,
        rows.numbers("profit", |row| row.profit.map(Chips::units))?,
        rows.numbers("close_fee", |row| row.close_fee.map(Chips::units))?,
        rows.numbers("payout", |row| row.payout.map(Chips::units))?,
        rows.jsons("noted", |row| json!(row.noted)),
    ];
    let updates = joined(&changing, |_, Column { name, .. }| {
        format!("{name} = excluded.{name}")
    });
    let columns: Vec<Column> = fixed.into_iter().chain(changing).collect();
    let names = joined(&columns, |_, column| column.name.to_owned());
    let values = joined(&columns, |_, column| column.value.replace('$', column.name));
    let arrays = joined(&columns, |number, column| {
        format!("${number}::{}[]", column.element)
    });
    let upsert = format!(
        "INSERT INTO positions ({names}) SELECT {values} FROM unnest({arrays}) AS row ({names})
         ON CONFLICT (id) DO UPDATE SET updated_at = now(), {updates}"
    );
    let bound = columns.into_iter().map(|column| column.bound);
    Ok(statement(&upsert, bound))
}

/// What is written of one column.
struct Column {
    name: &'static str,
    /// The type of the array's elements.
    element: &'static str,
    /// What is made of an element, `$`.
    value: String,
    bound: Value,
}

impl Column {
    fn new<T>(name: &'static str, element: &'static str, value: &str, bound: Vec<T>) -> Self
    where
        Vec<T>: Into<Value>,
    {
        Self {
            name,
            element,
            value: value.to_owned(),
            bound: bound.into(),
        }
    }
}

struct Rows<'a>(&'a [Row]);

impl Rows<'_> {
    fn ids(&self, name: &'static str, of: fn(&Row) -> Uuid) -> Column {
        Column::new(name, "uuid", "$", self.each(of))
    }

    fn flags(&self, name: &'static str, of: fn(&Row) -> bool) -> Column {
        Column::new(name, "boolean", "$", self.each(of))
    }

    /// The empty text is null.
    fn texts(&self, name: &'static str, of: fn(&Row) -> String) -> Column {
        Column::new(name, "text", "nullif($, '')", self.each(of))
    }

    fn jsons(&self, name: &'static str, of: fn(&Row) -> serde_json::Value) -> Column {
        let texts = self.each(|row| of(row).to_string());
        Column::new(name, "text", "$::jsonb", texts)
    }

    /// Refuses a number that a `bigint` does not hold, and the one that stands for null.
    fn numbers<N: Into<i128>>(
        &self,
        name: &'static str,
        of: fn(&Row) -> Option<N>,
    ) -> Result<Column> {
        let number = |row: &Row| {
            let Some(number) = of(row) else {
                return Ok(NULL);
            };
            let number = number.into();
            let held = i64::try_from(number).ok().filter(|held| *held != NULL);
            held.ok_or_else(|| Error::OutOfRange {
                table: "positions",
                id: row.id.to_string(),
                column: name,
                number,
            })
        };
        let numbers: Vec<i64> = self.0.iter().map(number).collect::<Result<_>>()?;
        let value = format!("nullif($, '{NULL}')");
        Ok(Column::new(name, "bigint", &value, numbers))
    }

    fn each<T>(&self, of: impl Fn(&Row) -> T) -> Vec<T> {
        self.0.iter().map(of).collect()
    }
}

/// One text for each column, from its number on, with commas in between.
fn joined(columns: &[Column], text: impl Fn(usize, &Column) -> String) -> String {
    let texts = columns.iter().zip(1..);
    let texts = texts.map(|(column, number)| text(number, column));
    texts.collect::<Vec<_>>().join(", ")
}

/// The text of a value that is a word.
fn name<T: Serialize>(word: T) -> String {
    json!(word).as_str().unwrap_or_default().to_owned()
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

#[cfg(test)]
mod tests {
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
        match upsert(&[row]) {
            Err(Error::OutOfRange { column, .. }) => Some(column),
            Ok(_) | Err(_) => None,
        }
    }

    #[test]
    fn a_number_that_its_column_does_not_hold_is_refused_by_name() {
        assert!(upsert(&[filled()]).is_ok());
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
