//! The streams that a process reads for all its shards.

use std::future::pending;

use bus::{Bus, BusError, Entry, Listener, OrderedReader};
use contracts::stream::StreamPlace;
use contracts::{Stream, Topic};

use crate::{market_entry, request};

/// Readers from the lowest checkpoint of the shards. Each shard skips what it has applied.
#[derive(Debug)]
pub(crate) struct Inputs {
    market: OrderedReader,
    positions: OrderedReader,
    /// Hints of the matcher, heard as they are published: the rows are the truth.
    opened: Listener,
    canceled: Listener,
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
        let opened = bus.listen(Topic::BattleOpened.pattern()).await?;
        let canceled = bus.listen(Topic::BattleCanceled.pattern()).await?;
        let tail = bus.bounds(Stream::Market).await?.last;
        Ok(Self {
            market: bus
                .ordered(Stream::Market, market_entry::TOPICS, market)
                .await?,
            positions: bus
                .ordered(Stream::Positions, request::TOPICS, positions)
                .await?,
            opened,
            canceled,
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
            () = heard(&mut self.opened) => Ok(Input::Hint),
            () = heard(&mut self.canceled) => Ok(Input::Hint),
            entry = self.market.next() => {
                let entry = entry?;
                self.caught_up |= entry.sequence >= self.tail || entry.pending == 0;
                Ok(Input::Market(entry))
            }
            entry = self.positions.next(), if self.caught_up => entry.map(Input::Request),
        }
    }
}

/// The next hint; none comes from a connection that is closed for good.
async fn heard(hints: &mut Listener) {
    if hints.next().await.is_none() {
        pending::<()>().await;
    }
}
