//! A stand-in for the exchange: its WebSocket streams and REST interface on real sockets, fed by
//! recorded frames, a seeded synthetic market or by hand, and able to misbehave on request.

mod amount;
mod client;
mod clock;
mod control;
mod faults;
mod frames;
mod kline;
mod listing;
mod past;
mod request;
mod rest;
mod source;
mod synthetic;
mod tape;
mod trade;
mod venue;

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::routing::get;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

pub use amount::{Amount, NotAnAmount};
pub use faults::Fault;
pub use frames::{Recorded, Recording, write as write_frames};
pub use listing::Listing;
pub use source::Source;
pub use synthetic::{Shape, Step, Synthetic};
pub use trade::Trade;

use client::{Keeping, Streams};
use clock::Clock;
use source::Supply;
use venue::Venue;

/// How a stand-in is set up. The default is a quiet one on free ports of this machine, driven by
/// hand.
#[derive(Clone, Debug)]
pub struct Config {
    /// Streams and REST; port 0 takes a free one.
    pub listen: SocketAddr,
    /// The control interface; port 0 takes a free one.
    pub control: SocketAddr,
    pub source: Source,
    /// Divides the waits between the source's trades.
    pub speed: NonZeroU32,
    /// Between two pings of the server.
    pub ping_every: Duration,
    /// A client that has answered no ping for so long is dropped.
    pub pong_within: Duration,
    /// A connection is closed at this age.
    pub connection_age: Duration,
    /// How far the exchange's clock is ahead of this machine's, in milliseconds.
    pub clock_skew_ms: i64,
    /// The first trade id of every symbol; without it one above those of all earlier runs.
    pub first_trade_id: Option<i64>,
}

impl Default for Config {
    fn default() -> Self {
        let free = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        Self {
            listen: free,
            control: free,
            source: Source::Manual,
            speed: NonZeroU32::MIN,
            ping_every: Duration::from_secs(20),
            pong_within: Duration::from_secs(60),
            connection_age: Duration::from_secs(24 * 3600),
            clock_skew_ms: 0,
            first_trade_id: None,
        }
    }
}

/// A running stand-in.
#[derive(Debug)]
pub struct Exchange {
    venue: Arc<Venue>,
    listen: SocketAddr,
    control: SocketAddr,
    stop: CancellationToken,
    tasks: TaskTracker,
}

impl Exchange {
    /// Starts a stand-in; it serves when this returns.
    ///
    /// # Errors
    /// When a port cannot be had or a recording cannot be read.
    pub async fn start(config: Config) -> io::Result<Self> {
        let clock = Clock {
            skew_ms: config.clock_skew_ms,
        };
        let supply = Supply::open(&config.source)?;
        let first_id = config
            .first_trade_id
            .unwrap_or_else(|| clock.first_trade_id());
        let venue = Venue::new(clock, supply.listings.clone(), first_id, supply.past_seed);
        let venue = Arc::new(venue);
        let keeping = Keeping {
            ping_every: config.ping_every,
            pong_within: config.pong_within,
            max_age: config.connection_age,
        };
        let ready = || Router::new().route("/readyz", get(|| async { "ready\n" }));
        let public = ready()
            .merge(rest::routes(Arc::clone(&venue)))
            .merge(client::routes(Streams {
                venue: Arc::clone(&venue),
                keeping,
            }));
        let by_hand = ready().merge(control::routes(Arc::clone(&venue)));

        let (stop, tasks) = (CancellationToken::new(), TaskTracker::new());
        let listen = serve(config.listen, public, &stop, &tasks).await?;
        let control = serve(config.control, by_hand, &stop, &tasks).await?;
        let driving = supply.drive(Arc::clone(&venue), config.speed);
        tasks.spawn(stop.clone().run_until_cancelled_owned(driving));
        tasks.close();
        Ok(Self {
            venue,
            listen,
            control,
            stop,
            tasks,
        })
    }

    /// Where the streams are, for example `ws://127.0.0.1:8887`.
    pub fn stream_url(&self) -> String {
        format!("ws://{}", self.listen)
    }

    /// Where REST is, for example `http://127.0.0.1:8887`.
    pub fn rest_url(&self) -> String {
        format!("http://{}", self.listen)
    }

    /// Where the control interface is.
    pub fn control_url(&self) -> String {
        format!("http://{}", self.control)
    }

    /// Makes a trade of one unit by hand. `None` for a symbol that is not listed.
    pub fn trade(&self, symbol: &str, price: Amount) -> Option<Trade> {
        self.venue
            .trade_by_hand(symbol, price, Amount::from_units(Amount::SCALE))
    }

    /// Makes a trade so many basis points from the last price; a lasting jump moves everything
    /// that the source says from now on. `None` for a symbol that is not listed.
    pub fn jump(&self, symbol: &str, bps: i32, lasting: bool) -> Option<Trade> {
        self.venue.jump(symbol, bps, lasting)
    }

    /// Stops or resumes the source.
    pub fn pause(&self, paused: bool) {
        self.venue.pause(paused);
    }

    /// How many clients have ever connected to the streams.
    pub fn connections_made(&self) -> u64 {
        self.venue.connections_made()
    }

    /// The most clients that were ever connected at once.
    pub fn most_connections(&self) -> usize {
        self.venue.most_connections()
    }

    /// Misbehaves as told.
    pub fn misbehave(&self, fault: Fault) {
        self.venue.misbehave(fault);
    }

    /// Cuts every connection and ends.
    pub async fn stop(self) {
        self.venue.misbehave(Fault::Drop);
        self.stop.cancel();
        self.tasks.wait().await;
    }
}

impl Drop for Exchange {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

async fn serve(
    address: SocketAddr,
    routes: Router,
    stop: &CancellationToken,
    tasks: &TaskTracker,
) -> io::Result<SocketAddr> {
    let listener = TcpListener::bind(address).await.map_err(|error| {
        io::Error::new(error.kind(), format!("cannot listen on {address}: {error}"))
    })?;
    let bound = listener.local_addr()?;
    let stop = stop.clone();
    tasks.spawn(async move {
        let server = axum::serve(listener, routes).into_future();
        if let Some(Err(error)) = stop.run_until_cancelled(server).await {
            tracing::error!(%error, "server ended");
        }
    });
    Ok(bound)
}
