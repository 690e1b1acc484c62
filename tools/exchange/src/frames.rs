//! Recorded frames: lines of `<receive time in ns> <frame>`, plain or gzip.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::Path;

use flate2::read::MultiGzDecoder;
use serde::Deserialize;

use crate::listing::Listing;
use crate::synthetic::Step;
use crate::trade::{Frame, Trade, TradeEvent};

/// Trades that a recording may hold: it is kept in memory.
const MAX_TRADES: usize = 5_000_000;
/// The longest line that is looked at, in bytes.
const MAX_LINE: u64 = 64 * 1024;
/// What a gzip file begins with.
const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];

/// The trades of a recording, in the order in which they were received.
#[derive(Debug, Default)]
pub struct Recording {
    pub trades: Vec<Recorded>,
    /// Lines that hold no trade: other streams, or damage.
    pub skipped: u64,
}

/// One recorded trade.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recorded {
    /// Nanoseconds by the recorder's clock.
    pub received_ns: u64,
    pub trade: Trade,
}

/// A frame of a combined stream; only trades are understood.
#[derive(Deserialize)]
struct Combined {
    data: TradeEvent,
}

impl Recording {
    /// Opens a file, plain or gzip.
    ///
    /// # Errors
    /// When it cannot be read, or holds no trade or too many.
    pub fn open(path: &Path) -> io::Result<Self> {
        let mut file = BufReader::new(File::open(path)?);
        let packed = file.fill_buf()?.starts_with(&GZIP_MAGIC);
        if packed {
            Self::read(MultiGzDecoder::new(file))
        } else {
            Self::read(file)
        }
    }

    fn read(source: impl Read) -> io::Result<Self> {
        let mut recording = Self::default();
        let mut lines = BufReader::new(source);
        let mut line = Vec::new();
        loop {
            line.clear();
            if (&mut lines).take(MAX_LINE).read_until(b'\n', &mut line)? == 0 {
                break;
            }
            match std::str::from_utf8(&line).ok().and_then(parse_line) {
                Some(_) if recording.trades.len() == MAX_TRADES => {
                    return Err(io::Error::other(format!(
                        "expected at most {MAX_TRADES} trades"
                    )));
                }
                Some(recorded) => recording.trades.push(recorded),
                None => recording.skipped += 1,
            }
        }
        if recording.trades.is_empty() {
            return Err(io::Error::other(
                "expected recorded trade frames and found none",
            ));
        }
        Ok(recording)
    }

    /// The default listings, and one for every other symbol that was recorded.
    pub fn listings(&self) -> Vec<Listing> {
        let mut listings = Listing::defaults();
        for Recorded { trade, .. } in &self.trades {
            if !listings
                .iter()
                .any(|listing| listing.symbol == trade.symbol)
            {
                listings.push(Listing::recorded(&trade.symbol, trade.price));
            }
        }
        listings
    }
}

fn parse_line(line: &str) -> Option<Recorded> {
    let (received_ns, frame) = line.trim_end().split_once(' ')?;
    let frame: Combined = serde_json::from_str(frame).ok()?;
    Some(Recorded {
        received_ns: received_ns.parse().ok()?,
        trade: frame.data.into_trade(),
    })
}

/// Writes steps of a synthetic market as a recording that begins at `start_ms`.
///
/// # Errors
/// When the output fails.
pub fn write(
    out: &mut impl Write,
    listings: &[Listing],
    steps: impl Iterator<Item = Step>,
    start_ms: i64,
) -> io::Result<()> {
    /// From the exchange to the recorder.
    const TRAVEL_US: u64 = 30_000;
    let start_us = u64::try_from(start_ms).map_err(io::Error::other)? * 1000;
    for (id, step) in (1..).zip(steps) {
        let Some(listing) = listings.get(step.listing) else {
            continue;
        };
        let at_us = start_us + step.at_us;
        let trade = Trade {
            symbol: listing.symbol.clone(),
            id,
            price: step.price,
            quantity: step.quantity,
            time_ms: i64::try_from(at_us / 1000).map_err(io::Error::other)?,
            buyer_is_maker: step.buyer_is_maker,
        };
        let frame = Frame::of(&trade)?;
        writeln!(
            out,
            "{} {}",
            (at_us + TRAVEL_US) * 1000,
            frame.combined.as_str()
        )?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    const LINES: &str = r#"1723161254087891268 {"stream":"btcusdt@bookTicker","data":{"u":50093239212,"s":"BTCUSDT","b":"61837.63000000","B":"3.78826000","a":"61837.64000000","A":"1.54698000"}}
1723161254087896568 {"stream":"btcusdt@trade","data":{"e":"trade","E":1723161255343,"s":"BTCUSDT","t":3735683259,"p":"61837.63000000","q":"0.02000000","T":1723161255342,"m":true,"M":true}}
1723161254091857168 {"stream":"btcusdt@trade","data":{"e":"tr
"#;

    #[test]
    fn trades_are_read_and_everything_else_is_counted() {
        let recording = Recording::read(Cursor::new(LINES)).unwrap();
        assert_eq!(recording.skipped, 2);
        assert_eq!(recording.trades.len(), 1);
        let recorded = &recording.trades[0];
        assert_eq!(recorded.received_ns, 1_723_161_254_087_896_568);
        assert_eq!(recorded.trade.price.to_string(), "61837.63000000");
        assert_eq!(recorded.trade.time_ms, 1_723_161_255_342);
    }

    #[test]
    fn a_gzip_recording_reads_like_a_plain_one() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("some.frames.gz");
        let mut packed = GzEncoder::new(File::create(&path).unwrap(), Compression::fast());
        packed.write_all(LINES.as_bytes()).unwrap();
        packed.finish().unwrap();
        assert_eq!(Recording::open(&path).unwrap().trades.len(), 1);
    }

    #[test]
    fn a_recording_without_a_trade_is_refused() {
        assert!(Recording::read(Cursor::new("nothing here\n")).is_err());
    }
}
