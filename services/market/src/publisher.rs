//! Writes one symbol's entries into the market stream, one at a time and in order.

use bus::Bus;
use contracts::market::{Gap, Note, Tick, Watermark};
use domain::candle::Candles;
use domain::market;
use domain::symbol::Symbol;
use tokio::sync::{mpsc, watch};

use crate::feed::Entry;
use crate::guard::{self, Deposed};
use crate::lease::Term;
use crate::tail::LastSequences;

/// Writes the entries of one symbol during one term.
#[derive(Debug)]
pub(crate) struct Publisher<'a> {
    pub(crate) bus: &'a Bus,
    pub(crate) term: &'a Term,
    pub(crate) symbol: &'a Symbol,
    pub(crate) last: LastSequences,
    /// Told of every tick once it is stored.
    pub(crate) shown: &'a watch::Sender<Option<market::Tick>>,
    /// What every tick is folded into once it is stored.
    pub(crate) candles: &'a watch::Sender<Candles>,
}

impl Publisher<'_> {
    /// Writes entries until there are no more or the term is lost.
    pub(crate) async fn run(mut self, mut entries: mpsc::Receiver<Entry>) -> Result<(), Deposed> {
        while let Some(entry) = entries.recv().await {
            self.write(entry).await?;
            let symbol = self.symbol.as_str().to_owned();
            metrics::counter!("battlesbit_market_entries_total", "symbol" => symbol, "kind" => kind(entry))
                .increment(1);
        }
        Ok(())
    }

    async fn write(&mut self, entry: Entry) -> Result<(), Deposed> {
        let (bus, term, epoch) = (self.bus, self.term, self.term.epoch);
        let symbol = self.symbol.clone();
        let id = id(epoch, &symbol, entry);
        match entry {
            Entry::Tick(tick) => {
                let market::Tick {
                    trade: trade_id,
                    price,
                    time,
                } = tick;
                let message = Tick {
                    epoch,
                    symbol,
                    trade_id,
                    price,
                    time,
                };
                guard::publish(bus, term, &message, &id, &mut self.last.tick).await?;
                self.shown.send_replace(Some(tick));
                self.candles
                    .send_modify(|candles| candles.fold(tick.price, tick.time));
                Ok(())
            }
            Entry::Watermark(time) => {
                let message = Watermark {
                    epoch,
                    symbol,
                    time,
                };
                guard::publish(bus, term, &message, &id, &mut self.last.watermark).await
            }
            Entry::Gap { first, last } => {
                tracing::warn!(
                    symbol = symbol.as_str(),
                    first,
                    last,
                    "trades missing for good"
                );
                let message = Gap {
                    epoch,
                    symbol,
                    first,
                    last,
                };
                guard::publish(bus, term, &message, &id, &mut self.last.gap).await
            }
            Entry::Note(kind, tick) => {
                tracing::info!(
                    symbol = symbol.as_str(),
                    ?kind,
                    ?tick,
                    "a trade does not count"
                );
                let market::Tick {
                    trade: trade_id,
                    price,
                    time,
                } = tick;
                let message = Note {
                    epoch,
                    symbol,
                    kind,
                    trade_id,
                    price,
                    time,
                };
                guard::publish(bus, term, &message, &id, &mut self.last.note).await
            }
        }
    }
}

/// The message id, which holds the epoch: a trade that readers ignored from a deposed leader must
/// not be taken for a duplicate.
fn id(epoch: u64, symbol: &Symbol, entry: Entry) -> String {
    let kind = kind(entry);
    match entry {
        Entry::Tick(tick) | Entry::Note(_, tick) => {
            format!("{epoch}/{kind}/{symbol}/{}", tick.trade)
        }
        Entry::Watermark(time) => format!("{epoch}/{kind}/{symbol}/{}", time.ms()),
        Entry::Gap { first, last } => format!("{epoch}/{kind}/{symbol}/{first}-{last}"),
    }
}

const fn kind(entry: Entry) -> &'static str {
    match entry {
        Entry::Tick(_) => "tick",
        Entry::Watermark(_) => "watermark",
        Entry::Gap { .. } => "gap",
        Entry::Note(..) => "note",
    }
}
