//! An entry of the MARKET stream, as the engine takes it.

use bus::{BusError, Entry};
use contracts::market::{Gap, Note, NoteKind, Offset, Tick, Watermark};
use contracts::{Message, Topic};
use domain::market::{self, Epoch, MarketEntry, MarketEvent, NoteReason};
use tracing::error;

/// Every topic of the stream: its order is the order, whatever an entry says.
pub(crate) const TOPICS: &[Topic] = &[
    Topic::Tick,
    Topic::Watermark,
    Topic::Gap,
    Topic::Note,
    Topic::Offset,
];

/// A message of the stream.
trait Said: Message {
    fn entry(self) -> MarketEntry;
}

/// What the stream says at `entry`; none for what cannot be read, which everybody skips alike: the
/// engine when it follows the market, and the sealer when it writes down what the engine followed.
pub(crate) fn read_or_skip(entry: &Entry) -> Option<MarketEntry> {
    read(entry).unwrap_or_else(|cause| {
        error!(sequence = entry.sequence, %cause, "a market entry is skipped");
        None
    })
}

/// None for a topic that is not of the market.
fn read(entry: &Entry) -> Result<Option<MarketEntry>, BusError> {
    let read = [
        (
            Topic::Tick,
            as_::<Tick> as fn(&Entry) -> Result<MarketEntry, BusError>,
        ),
        (Topic::Watermark, as_::<Watermark>),
        (Topic::Gap, as_::<Gap>),
        (Topic::Note, as_::<Note>),
        (Topic::Offset, as_::<Offset>),
    ];
    let found = read.into_iter().find(|(topic, _)| *topic == entry.topic);
    found.map(|(_, read)| read(entry)).transpose()
}

fn as_<M: Said>(entry: &Entry) -> Result<MarketEntry, BusError> {
    Ok(entry.decode::<M>()?.entry())
}

const fn entry(epoch: u64, event: MarketEvent) -> MarketEntry {
    MarketEntry {
        epoch: Epoch(epoch),
        event,
    }
}

impl Said for Tick {
    fn entry(self) -> MarketEntry {
        let tick = market::Tick {
            trade: self.trade_id,
            price: self.price,
            time: self.time,
        };
        entry(
            self.epoch,
            MarketEvent::Tick {
                symbol: self.symbol,
                tick,
            },
        )
    }
}

impl Said for Watermark {
    fn entry(self) -> MarketEntry {
        entry(
            self.epoch,
            MarketEvent::Watermark {
                symbol: self.symbol,
                time: self.time,
            },
        )
    }
}

impl Said for Gap {
    fn entry(self) -> MarketEntry {
        let (first, last) = (self.first, self.last);
        entry(
            self.epoch,
            MarketEvent::Gap {
                symbol: self.symbol,
                first,
                last,
            },
        )
    }
}

impl Said for Note {
    fn entry(self) -> MarketEntry {
        let tick = market::Tick {
            trade: self.trade_id,
            price: self.price,
            time: self.time,
        };
        let reason = match self.kind {
            NoteKind::Late => NoteReason::Late,
            NoteKind::Rejected => NoteReason::Rejected,
        };
        entry(
            self.epoch,
            MarketEvent::Note {
                symbol: self.symbol,
                tick,
                reason,
            },
        )
    }
}

impl Said for Offset {
    fn entry(self) -> MarketEntry {
        entry(
            self.epoch,
            MarketEvent::Offset {
                ahead_ns: self.offset_ns,
            },
        )
    }
}
