//! Keeps a line to the exchange open for ever: connects, reconnects with bounded pauses, and makes
//! a second connection before it drops an old one.

use std::sync::Arc;
use std::time::Duration;

use domain::market::Tick;
use futures::FutureExt;
use futures::future::BoxFuture;
use runtime::Clock;
use tokio::sync::{Notify, mpsc, watch};
use tokio::task::yield_now;
use tokio::time::{MissedTickBehavior, interval, sleep, sleep_until};

use crate::connection::{Connection, ConnectionError};
use crate::frame::{self, Frame};
use crate::malformed::MalformedFrames;
use crate::settings::Exchange;
use crate::symbols::{SymbolIndex, Symbols};

/// What the line hears.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Heard {
    /// A new line is subscribed; what was traded before may have been missed.
    Began,
    Trade(SymbolIndex, Tick),
    /// All that had come by this moment of our clock, in milliseconds, was heard before.
    Quiet(i64),
    /// No line any more.
    Lost,
}

/// The pause after the first failed attempt; it doubles.
const FIRST_RECONNECT_DELAY: Duration = Duration::from_millis(100);
/// How often it is said that nothing more has come.
const QUIET_EVERY: Duration = Duration::from_millis(250);

/// Keeps the line open.
#[derive(Debug)]
pub(crate) struct Line {
    exchange: Exchange,
    symbols: Arc<Symbols>,
    clock: Clock,
    heard: mpsc::Sender<Heard>,
    /// Asks for another connection, because this one does not bring everything.
    replace: Arc<Notify>,
    open: watch::Sender<bool>,
    malformed: MalformedFrames,
}

impl Line {
    pub(crate) fn new(
        exchange: Exchange,
        symbols: Arc<Symbols>,
        clock: Clock,
        heard: mpsc::Sender<Heard>,
        replace: Arc<Notify>,
    ) -> Self {
        let open = watch::Sender::new(false);
        Self {
            exchange,
            symbols,
            clock,
            heard,
            replace,
            open,
            malformed: MalformedFrames::default(),
        }
    }

    /// Whether a line is open.
    pub(crate) fn watch(&self) -> watch::Receiver<bool> {
        self.open.subscribe()
    }

    /// Runs until nobody listens any more.
    pub(crate) async fn keep(mut self) {
        while !self.heard.is_closed() {
            let connection = open(&self.exchange, &self.symbols).await;
            tracing::info!(
                url = self.exchange.stream_url.join(""),
                "exchange connected"
            );
            self.open.send_replace(true);
            let end = self.serve(connection).await;
            self.open.send_replace(false);
            metrics::counter!("battlesbit_market_lines_lost_total").increment(1);
            tracing::warn!(cause = describe(&end), "exchange lost");
            self.say(Heard::Lost).await;
        }
    }

    /// Passes on what a connection says until it ends, replacing it when that is due.
    async fn serve(&mut self, mut connection: Connection) -> ConnectionError {
        let (exchange, symbols) = (self.exchange.clone(), Arc::clone(&self.symbols));
        let replace = Arc::clone(&self.replace);
        let mut successor: Option<BoxFuture<'_, Connection>> = None;
        let mut quiet = interval(QUIET_EVERY);
        quiet.set_missed_tick_behavior(MissedTickBehavior::Delay);
        self.say(Heard::Began).await;
        loop {
            let too_old = connection.opened() + exchange.replace_after();
            tokio::select! {
                text = connection.next() => match text {
                    Ok(text) => self.pass_on(&text).await,
                    Err(end) => return end,
                },
                next = opened(&mut successor) => {
                    successor = None;
                    connection = next;
                    tracing::info!("exchange connection replaced");
                    self.say(Heard::Began).await;
                }
                _ = quiet.tick() => {
                    if let Err(end) = self.quiet(&mut connection).await {
                        return end;
                    }
                }
                () = replace.notified(), if successor.is_none() => {
                    successor = Some(open(&exchange, &symbols).boxed());
                }
                () = sleep_until(too_old), if successor.is_none() => {
                    successor = Some(open(&exchange, &symbols).boxed());
                }
            }
        }
    }

    /// Passes on whatever has come by now, then says so. A process that was not run for a while
    /// would otherwise promise by its clock what still lies in the socket.
    async fn quiet(&mut self, connection: &mut Connection) -> Result<(), ConnectionError> {
        let now_ms = self.clock.now_ms();
        // Lets the runtime look at the socket.
        yield_now().await;
        while let Some(text) = connection.next().now_or_never() {
            self.pass_on(&text?).await;
        }
        self.say(Heard::Quiet(now_ms)).await;
        Ok(())
    }

    async fn pass_on(&mut self, text: &str) {
        match frame::read(text) {
            Ok(Frame::Trade { symbol, tick }) => match self.symbols.find(&symbol) {
                Some(symbol) => self.say(Heard::Trade(symbol, tick)).await,
                None => self.malformed.note(),
            },
            Ok(Frame::Answer { .. }) => {}
            Err(frame::Malformed) => self.malformed.note(),
        }
    }

    /// When nobody listens the loops end by themselves.
    async fn say(&self, heard: Heard) {
        self.heard.send(heard).await.ok();
    }
}

/// Waits for a successor; for ever, while none is being opened.
async fn opened(successor: &mut Option<BoxFuture<'_, Connection>>) -> Connection {
    match successor {
        Some(opening) => opening.await,
        None => std::future::pending().await,
    }
}

/// Tries until there is a connection.
async fn open(exchange: &Exchange, symbols: &Symbols) -> Connection {
    let mut delay = FIRST_RECONNECT_DELAY;
    loop {
        match Connection::open(exchange, symbols.streams()).await {
            Ok(connection) => return connection,
            Err(error) => {
                tracing::warn!(cause = describe(&error), "cannot connect to the exchange");
                sleep(delay).await;
                delay = (delay * 2).min(exchange.max_reconnect_delay());
            }
        }
    }
}

/// An error with its sources, on one line.
fn describe(error: &ConnectionError) -> String {
    match error {
        ConnectionError::Failed(source) => format!("{error}: {source}"),
        ConnectionError::Timeout
        | ConnectionError::Refused(_)
        | ConnectionError::Closed
        | ConnectionError::Dead => error.to_string(),
    }
}
