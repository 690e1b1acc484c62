//! What the whole process reads: MARKET, for all its shards, and hints.

use std::future::pending;

use bus::{Bus, BusError, Entry, Listener, OrderedReader};
use contracts::{Stream, Topic};

use crate::market_entry;

/// Hints of the matcher, heard as they are published: the rows are the truth.
pub(crate) const HINTS: &[Topic] = &[OPENED, CANCELED];
const OPENED: Topic = Topic::BattleOpened;
const CANCELED: Topic = Topic::BattleCanceled;

/// One reader of MARKET for all shards, and hints.
#[derive(Debug)]
pub(crate) struct Inputs {
    market: OrderedReader,
    opened: Listener,
    canceled: Listener,
}

/// What came in.
#[derive(Debug)]
pub(crate) enum Input {
    /// An entry of MARKET.
    Market(Entry),
    /// A word about a battle: the rows say which, and what.
    Hint,
}

impl Inputs {
    /// Reads MARKET from its tail on, and hints from now on: whatever lies before is for each
    /// shard to read from its own checkpoint.
    pub(crate) async fn open(bus: &Bus) -> Result<Self, BusError> {
        let opened = bus.listen(OPENED.pattern()).await?;
        let canceled = bus.listen(CANCELED.pattern()).await?;
        let tail = bus.bounds(Stream::Market).await?.tail();
        Ok(Self {
            market: bus
                .ordered(Stream::Market, market_entry::TOPICS, tail)
                .await?,
            opened,
            canceled,
        })
    }

    /// The last entry of MARKET that was handed out.
    pub(crate) const fn sequence(&self) -> u64 {
        self.market.place().sequence
    }

    /// The next input. Safe to cancel. Fails only for reasons that need a person.
    pub(crate) async fn next(&mut self) -> Result<Input, BusError> {
        tokio::select! {
            biased;
            () = heard(&mut self.opened) => Ok(Input::Hint),
            () = heard(&mut self.canceled) => Ok(Input::Hint),
            entry = self.market.next() => entry.map(Input::Market),
        }
    }
}

/// The next hint; none comes from a connection that is closed for good.
async fn heard(hints: &mut Listener) {
    if hints.next().await.is_none() {
        pending::<()>().await;
    }
}
