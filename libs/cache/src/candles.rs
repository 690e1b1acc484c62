//! The newest candles of every symbol and interval, in a sorted set by their beginning.

use std::sync::LazyLock;

use domain::candle::{Candle, Folded, Interval};
use domain::symbol::Symbol;
use domain::timestamp::Timestamp;
use redis::{AsyncCommands, Script};
use serde::{Deserialize, Serialize};

use crate::{Cache, CacheError};

/// Stores candles that were made of trades: each in place of the one of its beginning, unless that
/// is the exchange's own. KEYS are the sets, ARGV how many candles a set keeps, then a beginning and
/// a candle for each set.
static FOLDED: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        "for place, set in ipairs(KEYS) do
           local start, candle = ARGV[2 * place], ARGV[2 * place + 1]
           local stands = redis.call('ZRANGEBYSCORE', set, start, start)[1]
           if not stands or cjson.decode(stands).volume == cjson.null then
             redis.call('ZREMRANGEBYSCORE', set, start, start)
             redis.call('ZADD', set, start, candle)
             redis.call('ZREMRANGEBYRANK', set, 0, -1 - ARGV[1])
           end
         end",
    )
});

/// A candle, for display. The rules never read it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredCandle {
    /// What the price did.
    pub candle: Candle,
    /// Whether its interval is over.
    pub is_closed: bool,
    /// Traded in base units, as decimal text. Only a candle that the exchange told has one, and it
    /// is closed.
    pub volume: Option<String>,
}

/// Beginnings of candles, from one moment on and before another.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Span {
    /// The first that counts.
    pub from: Option<Timestamp>,
    /// The first that no longer counts.
    pub to: Option<Timestamp>,
}

impl Cache {
    /// How many candles are kept of a symbol and interval.
    pub const CANDLES: usize = 1_000;

    /// The newest `limit` candles of a span, oldest first, in one round trip.
    ///
    /// # Errors
    /// [`CacheError`]
    pub async fn candles(
        &self,
        symbol: &Symbol,
        interval: Interval,
        span: Span,
        limit: usize,
    ) -> Result<Vec<StoredCandle>, CacheError> {
        let key = self.candles_key(symbol, interval);
        let before = span
            .to
            .map_or_else(|| "+inf".to_owned(), |to| format!("({}", to.ms()));
        let from = span
            .from
            .map_or_else(|| "-inf".to_owned(), |from| from.ms().to_string());
        let limit = isize::try_from(limit).unwrap_or(isize::MAX);
        let texts: Vec<String> = self
            .connection()
            .zrevrangebyscore_limit(&key, before, from, 0, limit)
            .await?;
        texts
            .iter()
            .rev()
            .map(|text| serde_json::from_str(text))
            .collect::<Result<_, _>>()
            .map_err(|_foreign| CacheError::Corrupt { key })
    }

    /// Stores what trades made of these candles of a symbol, in one round trip. Where the exchange
    /// has told a candle, that stands.
    ///
    /// # Errors
    /// [`CacheError`]
    pub async fn put_folded_candles(
        &self,
        symbol: &Symbol,
        candles: &[Folded],
    ) -> Result<(), CacheError> {
        if candles.is_empty() {
            return Ok(());
        }
        let mut call = FOLDED.prepare_invoke();
        call.arg(Self::CANDLES);
        for folded in candles {
            let key = self.candles_key(symbol, folded.interval);
            let stored = StoredCandle {
                candle: folded.candle,
                is_closed: folded.is_closed,
                volume: None,
            };
            let start = folded.candle.start.ms();
            call.arg(start).arg(written(&key, &stored)?);
            call.key(key);
        }
        Ok(call.invoke_async(&mut self.connection()).await?)
    }

    /// Stores what the exchange told of closed candles that follow one another: each in place of
    /// the one of its beginning, in one round trip. Says how many candles are kept now.
    ///
    /// # Errors
    /// [`CacheError`]
    pub async fn put_closed_candles(
        &self,
        symbol: &Symbol,
        interval: Interval,
        candles: &[(Candle, String)],
    ) -> Result<usize, CacheError> {
        let key = self.candles_key(symbol, interval);
        let mut items = Vec::with_capacity(candles.len());
        for (candle, volume) in candles {
            let stored = StoredCandle {
                candle: *candle,
                is_closed: true,
                volume: Some(volume.clone()),
            };
            items.push((candle.start.ms(), written(&key, &stored)?));
        }
        let mut pipe = redis::pipe();
        pipe.atomic();
        if let (Some((first, _)), Some((last, _))) = (items.first(), items.last()) {
            pipe.zrembyscore(&key, *first, *last).ignore();
            pipe.zadd_multiple(&key, &items).ignore();
            let oldest = isize::try_from(Self::CANDLES).unwrap_or(isize::MAX);
            pipe.zremrangebyrank(&key, 0, -1 - oldest).ignore();
        }
        pipe.zcard(&key);
        let (kept,) = pipe.query_async(&mut self.connection()).await?;
        Ok(kept)
    }

    fn candles_key(&self, symbol: &Symbol, interval: Interval) -> String {
        self.key("candles", &format!("{symbol}:{}", interval.name()))
    }
}

fn written(key: &str, candle: &StoredCandle) -> Result<String, CacheError> {
    serde_json::to_string(candle).map_err(|_unserialisable| CacheError::Corrupt {
        key: key.to_owned(),
    })
}
