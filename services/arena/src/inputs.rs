//! The streams that a process reads for all its shards.

use bus::{Bus, BusError, Entry, OrderedReader};
use contracts::stream::StreamPlace;
use contracts::{Stream, Topic};

use crate::{market_entry, request};

/// Hints of the matcher; the rows are the truth.
const HINTS: &[Topic] = &[Topic::BattleOpened, Topic::BattleCanceled];

/// Readers from the lowest checkpoint of the shards. Each shard skips what it has applied.
#[derive(Debug)]
pub(crate) struct Inputs {
    market: OrderedReader,
    positions: OrderedReader,
    hints: OrderedReader,
    /// The market must be read up to here before any command.
    tail: u64,
    caught_up: bool,
}

/// What came in.
#[derive(Debug)]
pub(crate) enum Input {
    /// An entry of MARKET.
    Market(Entry),
    /// An entry of POSITIONS.
    Request(Entry),
    /// A word about a battle: the rows say which, and what.
    Hint,
}

impl Inputs {
    /// Reads from behind these places, and hints from now on.
    ///
    /// Fails where a place lies outside its stream.
    pub(crate) async fn open(
        bus: &Bus,
        market: StreamPlace,
        positions: StreamPlace,
    ) -> Result<Self, BusError> {
        let hints = bus.bounds(Stream::Battles).await?.tail();
        let tail = bus.bounds(Stream::Market).await?.last;
        Ok(Self {
            market: bus
                .ordered(Stream::Market, market_entry::TOPICS, market)
                .await?,
            positions: bus
                .ordered(Stream::Positions, request::TOPICS, positions)
                .await?,
            hints: bus.ordered(Stream::Battles, HINTS, hints).await?,
            tail,
            caught_up: market.sequence >= tail,
        })
    }

    /// Whether the market's backlog is read, so that commands may come.
    pub(crate) const fn is_caught_up(&self) -> bool {
        self.caught_up
    }

    /// The next input: prices before commands, and no command before the market's backlog is
    /// read. Safe to cancel. Fails only for reasons that need a person.
    pub(crate) async fn next(&mut self) -> Result<Input, BusError> {
        tokio::select! {
            biased;
            hint = self.hints.next() => hint.map(|_| Input::Hint),
            entry = self.market.next() => {
                let entry = entry?;
                self.caught_up |= entry.sequence >= self.tail || entry.pending == 0;
                Ok(Input::Market(entry))
            }
            entry = self.positions.next(), if self.caught_up => entry.map(Input::Request),
        }
    }
}
