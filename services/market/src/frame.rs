//! Reads the frames that the exchange sends: exact prices from text, no floats.

use std::borrow::Cow;

use domain::market::Tick;
use domain::price::Price;
use domain::timestamp::Timestamp;
use serde::Deserialize;
use serde_json::value::RawValue;

/// What a frame says.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Frame<'a> {
    /// A trade of a symbol.
    Trade { symbol: Cow<'a, str>, tick: Tick },
    /// The answer to the request of this id; a refusal comes with its text.
    Answer { id: u64, refusal: Option<String> },
}

/// A frame that is neither a trade nor an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected a trade event or an answer")]
pub(crate) struct Malformed;

#[derive(Deserialize)]
struct Wire<'a> {
    #[serde(borrow)]
    data: Option<TradeEvent<'a>>,
    id: Option<u64>,
    #[serde(borrow)]
    error: Option<&'a RawValue>,
}

/// The fields of a `trade` event that count here.
#[derive(Deserialize)]
struct TradeEvent<'a> {
    #[serde(borrow)]
    e: Cow<'a, str>,
    #[serde(borrow)]
    s: Cow<'a, str>,
    t: u64,
    #[serde(borrow)]
    p: Cow<'a, str>,
    #[serde(rename = "T")]
    time_ms: i64,
}

/// Reads one frame of a combined stream.
///
/// # Errors
/// [`Malformed`] for anything else, also for a price that is no tick.
pub(crate) fn read(text: &str) -> Result<Frame<'_>, Malformed> {
    let wire: Wire<'_> = serde_json::from_str(text).or(Err(Malformed))?;
    match (wire.data, wire.id) {
        (Some(event), _) if event.e == "trade" => {
            let tick = tick(event.t, &event.p, event.time_ms).ok_or(Malformed)?;
            Ok(Frame::Trade {
                symbol: event.s,
                tick,
            })
        }
        (None, Some(id)) => Ok(Frame::Answer {
            id,
            refusal: wire.error.map(|error| error.get().to_owned()),
        }),
        _ => Err(Malformed),
    }
}

/// A trade as a tick; `None` when its price is none.
pub(crate) fn tick(trade: u64, price: &str, time_ms: i64) -> Option<Tick> {
    let price: Price = price.parse().ok()?;
    Some(Tick {
        trade,
        price,
        time: Timestamp::from_ms(time_ms),
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn trade(price: &str) -> String {
        format!(
            r#"{{"stream":"btcusdt@trade","data":{{"e":"trade","E":1723161255343,"s":"BTCUSDT","t":3735683259,"p":"{price}","q":"0.02000000","T":1723161255342,"m":true,"M":true}}}}"#
        )
    }

    #[test]
    fn a_recorded_trade_reads_to_the_last_digit() {
        let text = trade("61837.63000001");
        let Ok(Frame::Trade { symbol, tick }) = read(&text) else {
            panic!("expected a trade")
        };
        assert_eq!(symbol, "BTCUSDT");
        assert_eq!(tick.trade, 3_735_683_259);
        assert_eq!(tick.price.units(), 6_183_763_000_001);
        assert_eq!(tick.time.ms(), 1_723_161_255_342);
    }

    #[test]
    fn a_price_that_is_no_tick_is_malformed() {
        for price in [
            "0.00000000",
            "-1",
            "1e5",
            "",
            "NaN",
            "0.000000001",
            "100000001",
        ] {
            assert_eq!(read(&trade(price)), Err(Malformed), "{price}");
        }
    }

    #[test]
    fn answers_are_told_from_refusals() {
        let done = Frame::Answer {
            id: 1,
            refusal: None,
        };
        assert_eq!(read(r#"{"result":null,"id":1}"#), Ok(done));
        let refused = read(r#"{"error":{"code":2,"msg":"no"},"id":2}"#);
        let refusal = Some(r#"{"code":2,"msg":"no"}"#.to_owned());
        assert_eq!(refused, Ok(Frame::Answer { id: 2, refusal }));
    }

    #[test]
    fn other_events_and_damage_are_malformed() {
        let quote = r#"{"stream":"btcusdt@bookTicker","data":{"u":1,"s":"BTCUSDT","b":"1","B":"1","a":"1","A":"1"}}"#;
        for text in ["", "{}", "[]", "null", quote, &trade("1")[..60]] {
            assert_eq!(read(text), Err(Malformed), "{text}");
        }
    }

    proptest! {
        #[test]
        fn every_price_reads_back_exactly(units in 1_i64..=10_000_000_000_000_000) {
            let text = format!("{}.{:08}", units / 100_000_000, units % 100_000_000);
            prop_assert_eq!(tick(1, &text, 0).unwrap().price.units(), units);
        }

        #[test]
        fn no_text_makes_the_reader_panic(text in "\\PC*") {
            let _either = read(&text);
        }
    }
}
