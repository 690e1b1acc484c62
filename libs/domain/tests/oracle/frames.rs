//! Recorded frames of an exchange as a market stream: `<receive ns> <combined-stream JSON>` a
//! line, plain or compressed.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;

use domain::market::{MarketEvent, Tick};
use domain::symbol::Symbol;
use domain::timestamp::Timestamp;
use flate2::read::GzDecoder;
use serde_json::Value;

/// How far a watermark stays behind, in milliseconds.
const BEHIND_MS: i64 = 500;
/// How often a market says how far it is complete, in milliseconds.
const EVERY_MS: i64 = 250;

/// Frames that a seed made, seen from the repository's root.
pub(crate) const FIXTURE: &str = "tools/exchange/fixtures/seeded.frames";

/// The market stream that the frames of a file make, each entry with the exchange's time.
pub(crate) fn market(path: &Path) -> Vec<(i64, MarketEvent)> {
    let bytes = std::fs::read(path).unwrap();
    let mut text = String::new();
    if bytes.starts_with(&[0x1f, 0x8b]) {
        GzDecoder::new(bytes.as_slice())
            .read_to_string(&mut text)
            .unwrap();
    } else {
        text = String::from_utf8(bytes).unwrap();
    }
    let mut stream = Vec::new();
    let mut marks: BTreeMap<Symbol, i64> = BTreeMap::new();
    let mut now = 0;
    for line in text.lines() {
        let frame: Value = serde_json::from_str(line.split_once(' ').unwrap().1).unwrap();
        let data = &frame["data"];
        if data["e"] != "trade" {
            continue;
        }
        let symbol: Symbol = data["s"].as_str().unwrap().parse().unwrap();
        let time = data["T"].as_i64().unwrap();
        now = now.max(time);
        let tick = Tick {
            trade: data["t"].as_u64().unwrap(),
            price: data["p"].as_str().unwrap().parse().unwrap(),
            time: Timestamp::from_ms(time),
        };
        marks.entry(symbol.clone()).or_insert(i64::MIN);
        stream.push((now, MarketEvent::Tick { symbol, tick }));
        for (symbol, mark) in &mut marks {
            if *mark < now - BEHIND_MS - EVERY_MS {
                *mark = now - BEHIND_MS;
                let event = MarketEvent::Watermark {
                    symbol: symbol.clone(),
                    time: Timestamp::from_ms(*mark),
                };
                stream.push((now, event));
            }
        }
    }
    stream
}
