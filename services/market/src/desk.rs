//! The leader's desk: what the line brings goes into the feeds, what the feeds miss is asked for,
//! what they say goes to the publishers.

use std::sync::Arc;
use std::time::{Duration, Instant};

use domain::market::Tick;
use domain::timestamp::Timestamp;
use futures::future::BoxFuture;
use futures::stream::FuturesUnordered;
use futures::{FutureExt, StreamExt};
use runtime::Clock;
use tokio::sync::{Notify, mpsc, watch};
use tokio::time::{MissedTickBehavior, interval, sleep};

use crate::feed::{Entry, Feed, Probed};
use crate::inbox::Inbox;
use crate::line::Heard;
use crate::malformed::MalformedFrames;
use crate::offset::ClockOffset;
use crate::rest::{PAGE_TRADES, Rest, RestError};
use crate::symbols::{SymbolIndex, Symbols};

/// How often time passes for the feeds.
const POLL_EVERY: Duration = Duration::from_millis(50);
/// Before a gap that is still open is asked for again.
const FILL_AGAIN: Duration = Duration::from_millis(200);
/// Before a probe that failed is made again.
const PROBE_AGAIN: Duration = Duration::from_secs(1);
/// A trade dated further ahead of the exchange's clock is damage, in milliseconds.
const MAX_AHEAD_MS: i64 = 10_000;

/// Why a desk was left.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Left {
    #[error("nats takes entries more slowly than they come")]
    Behind,
    #[error("the line to the exchange was given up")]
    NoLine,
}

/// What the exchange was asked, answered.
enum Answer {
    Fill {
        symbol: SymbolIndex,
        trades: Result<Vec<Tick>, RestError>,
    },
    Probe {
        symbol: SymbolIndex,
        beginnings: u64,
        newest: Result<Option<Tick>, RestError>,
    },
}

/// One symbol at the desk.
struct Place {
    feed: Feed,
    entries: mpsc::Sender<Entry>,
    filling: bool,
    probing: bool,
}

/// What a desk works with.
#[derive(Clone, Debug)]
pub(crate) struct Tools {
    pub(crate) symbols: Arc<Symbols>,
    pub(crate) rest: Rest,
    pub(crate) clock: Clock,
    pub(crate) offset: watch::Receiver<Option<ClockOffset>>,
    /// Asks the line for another connection.
    pub(crate) replace: Arc<Notify>,
}

impl Tools {
    /// The exchange's time when ours is `our_ms`, once its clock has been seen.
    pub(crate) fn exchange_time(&self, our_ms: i64) -> Option<Timestamp> {
        let offset = (*self.offset.borrow())?;
        Some(offset.exchange_time(our_ms))
    }
}

/// The desk of one term.
pub(crate) struct Desk {
    tools: Tools,
    places: Vec<Place>,
    asked: FuturesUnordered<BoxFuture<'static, Answer>>,
    malformed: MalformedFrames,
    said: Vec<Entry>,
}

impl Desk {
    /// A desk with one feed and one way to a publisher per symbol, in the symbols' order.
    pub(crate) fn new(tools: Tools, feeds: Vec<(Feed, mpsc::Sender<Entry>)>) -> Self {
        let place = |(feed, entries)| Place {
            feed,
            entries,
            filling: false,
            probing: false,
        };
        Self {
            tools,
            places: feeds.into_iter().map(place).collect(),
            asked: FuturesUnordered::new(),
            malformed: MalformedFrames::default(),
            said: Vec::new(),
        }
    }

    /// Works until it cannot go on.
    pub(crate) async fn work(mut self, inbox: &mut Inbox) -> Left {
        let mut polls = interval(POLL_EVERY);
        polls.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let worked = tokio::select! {
                heard = inbox.next() => match heard {
                    Some(heard) => self.hear(heard),
                    None => return Left::NoLine,
                },
                Some(answer) = self.asked.next() => self.learn(answer, inbox),
                _ = polls.tick() => self.poll(inbox),
            };
            if let Err(left) = worked {
                return left;
            }
        }
    }

    fn hear(&mut self, heard: Heard) -> Result<(), Left> {
        match heard {
            Heard::Began | Heard::Lost => {
                self.places.iter_mut().for_each(|place| place.feed.lost());
                Ok(())
            }
            Heard::Trade(_, tick) if self.is_damaged(&tick) => {
                self.malformed.note();
                Ok(())
            }
            Heard::Quiet(now_ms) => self.promise(now_ms),
            Heard::Trade(symbol, tick) => {
                let place = &mut self.places[symbol.get()];
                place.feed.receive(tick, Instant::now(), &mut self.said);
                self.fill(symbol, Duration::ZERO);
                self.deliver(symbol)
            }
        }
    }

    fn learn(&mut self, answer: Answer, inbox: &Inbox) -> Result<(), Left> {
        match answer {
            Answer::Fill { symbol, trades } => {
                let place = &mut self.places[symbol.get()];
                place.filling = false;
                let again = match &trades {
                    Ok(trades) if trades.len() == PAGE_TRADES => Duration::ZERO,
                    Ok(_) | Err(_) => FILL_AGAIN,
                };
                for tick in trades.unwrap_or_default() {
                    place.feed.fill(tick, Instant::now(), &mut self.said);
                }
                self.fill(symbol, again);
                self.deliver(symbol)
            }
            Answer::Probe {
                symbol,
                beginnings,
                newest,
            } => {
                let place = &mut self.places[symbol.get()];
                place.probing = false;
                let Ok(newest) = newest else { return Ok(()) };
                if beginnings != inbox.beginnings() || !inbox.is_open() {
                    return Ok(());
                }
                let probed = place.feed.probed(newest, Instant::now(), &mut self.said);
                self.suspect(symbol, probed);
                self.fill(symbol, Duration::ZERO);
                self.deliver(symbol)
            }
        }
    }

    /// Asks for another connection when this one did not bring a trade. If the trade was only
    /// overtaken by our question, a fresh connection costs nothing.
    fn suspect(&self, symbol: SymbolIndex, probed: Probed) {
        if probed == Probed::Behind {
            let symbol = self.tools.symbols.get(symbol).as_str();
            tracing::warn!(symbol, "the exchange trades and the stream is silent");
            self.tools.replace.notify_waiters();
        }
    }

    fn poll(&mut self, inbox: &Inbox) -> Result<(), Left> {
        let now = Instant::now();
        for symbol in self.tools.symbols.indices() {
            let place = &mut self.places[symbol.get()];
            place.feed.poll(now, &mut self.said);
            if inbox.is_open() && !place.probing && place.feed.needs_probe(now) {
                place.probing = true;
                self.asked.push(self.probe(symbol, inbox.beginnings()));
            }
            self.fill(symbol, Duration::ZERO);
            self.deliver(symbol)?;
        }
        Ok(())
    }

    /// Says how far the stream is complete, now that all that had come by then is heard.
    fn promise(&mut self, now_ms: i64) -> Result<(), Left> {
        let Some(exchange_now) = self.tools.exchange_time(now_ms) else {
            return Ok(());
        };
        for symbol in self.tools.symbols.indices() {
            let place = &mut self.places[symbol.get()];
            place
                .feed
                .promise(Instant::now(), exchange_now, &mut self.said);
            self.deliver(symbol)?;
        }
        Ok(())
    }

    /// Asks for what a feed misses, if anything and unless it is being asked for.
    fn fill(&mut self, symbol: SymbolIndex, after: Duration) {
        let place = &mut self.places[symbol.get()];
        let Some((first, _)) = place.feed.gap().filter(|_| !place.filling) else {
            return;
        };
        place.filling = true;
        let (rest, name) = (
            self.tools.rest.clone(),
            self.tools.symbols.get(symbol).clone(),
        );
        let asking = async move {
            sleep(after).await;
            Answer::Fill {
                symbol,
                trades: rest.trades(&name, first).await,
            }
        };
        self.asked.push(asking.boxed());
    }

    fn probe(&self, symbol: SymbolIndex, beginnings: u64) -> BoxFuture<'static, Answer> {
        let (rest, name) = (
            self.tools.rest.clone(),
            self.tools.symbols.get(symbol).clone(),
        );
        async move {
            let newest = rest.newest_trade(&name).await;
            if newest.is_err() {
                sleep(PROBE_AGAIN).await;
            }
            Answer::Probe {
                symbol,
                beginnings,
                newest,
            }
        }
        .boxed()
    }

    /// Hands to the publisher what a feed has said.
    fn deliver(&mut self, symbol: SymbolIndex) -> Result<(), Left> {
        let place = &mut self.places[symbol.get()];
        let duplicates = place.feed.take_duplicates();
        if duplicates > 0 {
            metrics::counter!("battlesbit_market_duplicates_total").increment(duplicates);
        }
        for entry in self.said.drain(..) {
            place.entries.try_send(entry).or(Err(Left::Behind))?;
        }
        Ok(())
    }

    fn is_damaged(&self, tick: &Tick) -> bool {
        self.tools
            .exchange_time(self.tools.clock.now_ms())
            .is_some_and(|now| tick.time > now.plus_ms(MAX_AHEAD_MS))
    }
}
