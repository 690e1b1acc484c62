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

use crate::{Error, Result};

/// A row of `positions`, without its bookkeeping.
#[derive(Clone, Debug, Serialize, Deserialize)]
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
