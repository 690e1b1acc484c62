//! One trade, and the frames that announce it.

use axum::extract::ws::Utf8Bytes;
use serde::{Deserialize, Serialize};

use crate::amount::Amount;

/// One trade of the exchange.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trade {
    /// Upper case, for example `BTCUSDT`.
    pub symbol: String,
    /// Rises by one from trade to trade of a symbol.
    pub id: i64,
    pub price: Amount,
    pub quantity: Amount,
    /// Milliseconds of the exchange's clock.
    pub time_ms: i64,
    pub buyer_is_maker: bool,
}

/// The payload of a `trade` event, field by field in the exchange's order.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct TradeEvent {
    e: String,
    #[serde(rename = "E")]
    event_time: i64,
    s: String,
    t: i64,
    p: Amount,
    q: Amount,
    #[serde(rename = "T")]
    trade_time: i64,
    m: bool,
    #[serde(rename = "M")]
    best_match: bool,
}

impl TradeEvent {
    pub(crate) fn into_trade(self) -> Trade {
        Trade {
            symbol: self.s,
            id: self.t,
            price: self.p,
            quantity: self.q,
            time_ms: self.trade_time,
            buyer_is_maker: self.m,
        }
    }
}

impl From<&Trade> for TradeEvent {
    fn from(trade: &Trade) -> Self {
        Self {
            e: "trade".to_owned(),
            event_time: trade.time_ms.saturating_add(1),
            s: trade.symbol.clone(),
            t: trade.id,
            p: trade.price,
            q: trade.quantity,
            trade_time: trade.time_ms,
            m: trade.buyer_is_maker,
            best_match: true,
        }
    }
}

/// A trade as text, in both of the shapes that clients ask for.
#[derive(Clone, Debug)]
pub(crate) struct Frame {
    /// For example `btcusdt@trade`.
    pub(crate) stream: String,
    /// The event alone, for `/ws`.
    pub(crate) raw: Utf8Bytes,
    /// The event wrapped with its stream's name, for `/stream`.
    pub(crate) combined: Utf8Bytes,
}

impl Frame {
    pub(crate) fn of(trade: &Trade) -> serde_json::Result<Self> {
        let raw = serde_json::to_string(&TradeEvent::from(trade))?;
        let stream = format!("{}@trade", trade.symbol.to_ascii_lowercase());
        let combined = format!(r#"{{"stream":"{stream}","data":{raw}}}"#);
        Ok(Self {
            stream,
            raw: raw.into(),
            combined: combined.into(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_has_the_shape_of_the_recorded_ones() {
        let trade = Trade {
            symbol: "BTCUSDT".into(),
            id: 3_735_683_259,
            price: "61837.63".parse().unwrap(),
            quantity: "0.02".parse().unwrap(),
            time_ms: 1_723_161_255_342,
            buyer_is_maker: true,
        };
        assert_eq!(
            Frame::of(&trade).unwrap().combined.as_str(),
            r#"{"stream":"btcusdt@trade","data":{"e":"trade","E":1723161255343,"s":"BTCUSDT","t":3735683259,"p":"61837.63000000","q":"0.02000000","T":1723161255342,"m":true,"M":true}}"#
        );
    }
}
