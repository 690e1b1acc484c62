//! Candles: what a price did within an interval, for display.

use async_graphql::{Enum, SimpleObject};
use cache::StoredCandle;
use domain::candle::{self, Folded, Interval};

use crate::graphql::scalar::{DateTime, Decimal};

/// How long a candle lasts. Intervals are counted in UTC: a day begins at midnight.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "Interval")]
pub(crate) enum CandleInterval {
    /// One minute.
    OneMinute,
    /// Five minutes.
    FiveMinutes,
    /// Fifteen minutes.
    FifteenMinutes,
    /// One hour.
    OneHour,
    /// Four hours.
    FourHours,
    /// One day.
    OneDay,
}

/// What the price of an asset did within an interval. For display: what decides is the tick.
#[derive(Clone, Debug, SimpleObject)]
pub(crate) struct Candle {
    /// When the interval began, on the exchange's clock.
    start_time: DateTime,
    /// The first price in USDT, exact.
    open: Decimal,
    /// The highest price in USDT, exact.
    high: Decimal,
    /// The lowest price in USDT, exact.
    low: Decimal,
    /// The last price in USDT, exact.
    close: Decimal,
    /// Traded within the interval, in units of the asset, exact; null until the exchange has said
    /// it, which it does within seconds of the interval's end.
    volume: Option<Decimal>,
    /// Whether the interval is over. While it is not, this is what the price did so far.
    is_closed: bool,
}

impl Candle {
    fn of(candle: candle::Candle, is_closed: bool, volume: Option<Decimal>) -> Self {
        Self {
            start_time: candle.start.into(),
            open: candle.open.into(),
            high: candle.high.into(),
            low: candle.low.into(),
            close: candle.close.into(),
            volume,
            is_closed,
        }
    }
}

impl From<StoredCandle> for Candle {
    fn from(stored: StoredCandle) -> Self {
        let volume = stored.volume.and_then(|text| Decimal::read(&text).ok());
        Self::of(stored.candle, stored.is_closed, volume)
    }
}

impl From<Folded> for Candle {
    fn from(folded: Folded) -> Self {
        Self::of(folded.candle, folded.is_closed, None)
    }
}
