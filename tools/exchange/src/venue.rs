//! The venue: makes trades, remembers them and hands them to the clients that asked.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use axum::extract::ws::Utf8Bytes;
use serde::Serialize;
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

use crate::amount::Amount;
use crate::clock::Clock;
use crate::faults::{Fault, Mood, Pending};
use crate::kline::{Interval, Series};
use crate::listing::Listing;
use crate::tape::{Day, Tape};
use crate::trade::{Frame, Trade};

/// Frames that may wait for one client before it is dropped as too slow.
pub(crate) const CLIENT_QUEUE: usize = 1024;

/// Everything that happens at the exchange.
#[derive(Debug)]
pub(crate) struct Venue {
    pub(crate) clock: Clock,
    state: Mutex<State>,
    mood: watch::Sender<Mood>,
}

#[derive(Debug, Default)]
struct State {
    tapes: BTreeMap<String, Tape>,
    clients: BTreeMap<u64, Client>,
    next_client: u64,
    most_clients: usize,
    pending: Pending,
    dropped_slow: u64,
}

/// A connected client: what it subscribed to, and the way to it.
#[derive(Debug)]
struct Client {
    streams: BTreeSet<String>,
    combined: bool,
    outbox: mpsc::Sender<Utf8Bytes>,
    gone: CancellationToken,
}

/// The other end of a client: its session reads frames here until `gone`.
#[derive(Debug)]
pub(crate) struct Seat {
    pub(crate) id: u64,
    pub(crate) inbox: mpsc::Receiver<Utf8Bytes>,
    pub(crate) gone: CancellationToken,
}

/// What `GET /control/state` shows.
#[derive(Debug, Serialize)]
pub(crate) struct Overview {
    clients: usize,
    dropped_slow: u64,
    #[serde(flatten)]
    mood: Mood,
    last: BTreeMap<String, Option<LastTrade>>,
}

#[derive(Debug, Serialize)]
struct LastTrade {
    id: i64,
    price: Amount,
    time_ms: i64,
}

impl Venue {
    pub(crate) fn new(
        clock: Clock,
        listings: Vec<Listing>,
        first_id: i64,
        past_seed: Option<u64>,
    ) -> Self {
        let tape = |listing| Tape::new(listing, first_id, past_seed);
        let tapes = listings
            .into_iter()
            .map(|listing| (listing.symbol.clone(), tape(listing)))
            .collect();
        Self {
            clock,
            state: Mutex::new(State {
                tapes,
                ..State::default()
            }),
            mood: watch::Sender::new(Mood::default()),
        }
    }

    /// A poisoned lock is used as it is: no panic leaves the state half changed.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn mood(&self) -> watch::Receiver<Mood> {
        self.mood.subscribe()
    }

    /// Starts or stops the source.
    pub(crate) fn pause(&self, paused: bool) {
        self.mood.send_modify(|mood| mood.paused = paused);
    }

    /// Makes a trade of the source, moved by the lasting jumps made by hand. `None` for a symbol
    /// that is not listed.
    pub(crate) fn trade_from_source(
        &self,
        symbol: &str,
        price: Amount,
        quantity: Amount,
        buyer_is_maker: bool,
    ) -> Option<Trade> {
        let mut state = self.state();
        let price = state.tapes.get(symbol)?.shifted(price);
        self.make(&mut state, symbol, price, quantity, buyer_is_maker)
    }

    /// Makes a trade by hand. `None` for a symbol that is not listed.
    pub(crate) fn trade_by_hand(
        &self,
        symbol: &str,
        price: Amount,
        quantity: Amount,
    ) -> Option<Trade> {
        self.make(&mut self.state(), symbol, price, quantity, false)
    }

    /// Makes one trade so many basis points from the last price. A lasting jump moves what the
    /// source says from now on by as much. `None` for a symbol that is not listed.
    pub(crate) fn jump(&self, symbol: &str, bps: i32, lasting: bool) -> Option<Trade> {
        let mut state = self.state();
        let tape = state.tapes.get_mut(symbol)?;
        if lasting {
            tape.shift(bps);
        }
        let price = tape
            .last_price()
            .moved(i64::from(bps) * 100, tape.listing.tick_size);
        self.make(
            &mut state,
            symbol,
            price,
            Amount::from_units(Amount::SCALE),
            bps < 0,
        )
    }

    fn make(
        &self,
        state: &mut State,
        symbol: &str,
        price: Amount,
        quantity: Amount,
        buyer_is_maker: bool,
    ) -> Option<Trade> {
        let tape = state.tapes.get_mut(symbol)?;
        let time_ms = state.pending.time_ms(self.clock.now_ms());
        let trade = tape.record(price, quantity, buyer_is_maker, time_ms);
        match state.pending.distort(&trade) {
            Ok(frames) if !self.mood.borrow().silent => {
                for frame in &frames {
                    state.send(frame);
                }
            }
            Ok(_) => {}
            Err(error) => tracing::error!(%error, "a trade could not be printed"),
        }
        Some(trade)
    }

    /// Misbehaves as told.
    pub(crate) fn misbehave(&self, fault: Fault) {
        let mut state = self.state();
        let pending = &mut state.pending;
        match fault {
            Fault::Malformed { text } => state.send_to_all(
                text.unwrap_or_else(|| r#"{"stream":"btcusdt@trade","data":{"e":"tra"#.to_owned()),
            ),
            Fault::Duplicate { count } => pending.duplicates = count,
            Fault::Gap { count } => pending.hidden = count,
            Fault::LostIds { count } => {
                state
                    .tapes
                    .values_mut()
                    .for_each(|tape| tape.skip_ids(count));
            }
            Fault::OutOfOrder => pending.swap = true,
            Fault::Late { ms, count } => (pending.late_ms, pending.late) = (ms, count),
            Fault::Drop => {
                for client in std::mem::take(&mut state.clients).into_values() {
                    client.gone.cancel();
                }
            }
            Fault::Deaf { on } => self.mood.send_modify(|mood| mood.deaf = on),
            Fault::Silent { on } => self.mood.send_modify(|mood| mood.silent = on),
            Fault::RestDown { on } => self.mood.send_modify(|mood| mood.rest_down = on),
            Fault::Refuse { on } => self.mood.send_modify(|mood| mood.refuse = on),
        }
    }

    pub(crate) fn seat(&self, streams: BTreeSet<String>, combined: bool) -> Seat {
        let (outbox, inbox) = mpsc::channel(CLIENT_QUEUE);
        let gone = CancellationToken::new();
        let mut state = self.state();
        let id = state.next_client;
        state.next_client += 1;
        state.clients.insert(
            id,
            Client {
                streams,
                combined,
                outbox,
                gone: gone.clone(),
            },
        );
        state.most_clients = state.most_clients.max(state.clients.len());
        Seat { id, inbox, gone }
    }

    pub(crate) fn connections_made(&self) -> u64 {
        self.state().next_client
    }

    pub(crate) fn most_connections(&self) -> usize {
        self.state().most_clients
    }

    pub(crate) fn leave(&self, client: u64) {
        self.state().clients.remove(&client);
    }

    /// Changes what a client hears; `None` once it is gone.
    pub(crate) fn change_streams<T>(
        &self,
        client: u64,
        change: impl FnOnce(&mut BTreeSet<String>) -> T,
    ) -> Option<T> {
        self.state()
            .clients
            .get_mut(&client)
            .map(|client| change(&mut client.streams))
    }

    pub(crate) fn listings(&self) -> Vec<Listing> {
        self.state()
            .tapes
            .values()
            .map(|tape| tape.listing.clone())
            .collect()
    }

    /// See [`Tape::history`]. `None` for a symbol that is not listed.
    pub(crate) fn history(
        &self,
        symbol: &str,
        from_id: Option<i64>,
        limit: usize,
    ) -> Option<Vec<Trade>> {
        self.state()
            .tapes
            .get(symbol)
            .map(|tape| tape.history(from_id, limit))
    }

    /// The last 24 hours of a symbol; `None` for one that is not listed.
    pub(crate) fn day(&self, symbol: &str) -> Option<Day> {
        self.state()
            .tapes
            .get(symbol)
            .map(|tape| tape.day(self.clock.now_ms()))
    }

    /// The klines of a symbol; `None` for one that is not listed.
    pub(crate) fn series(&self, symbol: &str, interval: Interval) -> Option<Series> {
        self.state()
            .tapes
            .get(symbol)
            .map(|tape| tape.series(interval, self.clock.now_ms()))
    }

    pub(crate) fn overview(&self) -> Overview {
        let state = self.state();
        let last_trade = |tape: &Tape| {
            tape.history(None, 1).pop().map(|trade| LastTrade {
                id: trade.id,
                price: trade.price,
                time_ms: trade.time_ms,
            })
        };
        Overview {
            clients: state.clients.len(),
            dropped_slow: state.dropped_slow,
            mood: *self.mood.borrow(),
            last: state
                .tapes
                .iter()
                .map(|(symbol, tape)| (symbol.clone(), last_trade(tape)))
                .collect(),
        }
    }
}

impl State {
    fn send(&mut self, frame: &Frame) {
        self.send_where(
            |client| client.streams.contains(&frame.stream),
            |client| {
                if client.combined {
                    &frame.combined
                } else {
                    &frame.raw
                }
            },
        );
    }

    fn send_to_all(&mut self, text: String) {
        let text = Utf8Bytes::from(text);
        self.send_where(|_| true, |_| &text);
    }

    /// Queues a text for each client concerned; one whose queue is full is dropped.
    fn send_where<'a>(
        &mut self,
        concerned: impl Fn(&Client) -> bool,
        text: impl Fn(&Client) -> &'a Utf8Bytes,
    ) {
        let mut slow = 0;
        self.clients.retain(|_, client| {
            let kept = !concerned(client) || client.outbox.try_send(text(client).clone()).is_ok();
            if !kept {
                client.gone.cancel();
                slow += 1;
            }
            kept
        });
        self.dropped_slow += slow;
    }
}
