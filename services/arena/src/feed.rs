//! What players ask of one shard: read in order behind its checkpoint for as long as the shard is
//! ours, a bounded number ahead of the loop.

use std::sync::Arc;
use std::time::Duration;

use bus::{BusError, Entry, OrderedReader};
use contracts::Stream;
use contracts::stream::StreamPlace;
use domain::order::Command;
use store::arena::Lease;
use tokio::sync::mpsc::UnboundedSender;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{sleep, timeout};
use tokio_util::sync::{CancellationToken, DropGuard};
use tracing::warn;

use crate::app::App;
use crate::request::{self, Unreadable};

/// How many requests of a shard may be read and not decided yet: while its commands wait for their
/// battle to be looked up, so many are held, and the others stay in the stream.
const AHEAD: usize = 256;
/// A shard that is asked nothing for so long moves on in the stream, which forgets old requests.
const QUIET_FOR: Duration = Duration::from_secs(60);
/// The pause before the stream is opened again.
const RETRY_DELAY: Duration = Duration::from_millis(200);

/// What came on a feed.
#[derive(Debug)]
pub(crate) struct Request {
    /// Whose feed.
    pub(crate) lease: Lease,
    /// Everything of this shard up to this sequence came before, or is this.
    pub(crate) sequence: u64,
    pub(crate) said: Said,
    /// Given back when it is decided.
    _ahead: OwnedSemaphorePermit,
}

/// What it says.
#[derive(Debug)]
pub(crate) enum Said {
    /// A command.
    Command {
        /// It.
        command: Command,
        /// As it came.
        entry: Entry,
    },
    /// Something that is no command.
    Unreadable {
        /// Why.
        cause: Unreadable,
        /// As it came.
        entry: Entry,
    },
    /// There was nothing for this shard.
    Silence,
    /// The stream cannot be read on.
    Broken(Arc<BusError>),
}

/// A shard's reader of POSITIONS. It ends with the value.
#[derive(Debug)]
pub(crate) struct Feed(#[expect(dead_code, reason = "held for its drop")] DropGuard);

impl Feed {
    /// Reads behind `place` for the shard of `lease`.
    pub(crate) fn open(
        app: &App,
        lease: Lease,
        place: StreamPlace,
        to: UnboundedSender<Box<Request>>,
    ) -> Self {
        let stop = CancellationToken::new();
        let (feeding, stopped) = (app.clone(), stop.clone());
        app.beside.spawn("positions", async move {
            let feeding = feed(feeding, lease, place, to);
            stopped.run_until_cancelled(feeding).await;
        });
        Self(stop.drop_guard())
    }
}

async fn feed(app: App, lease: Lease, place: StreamPlace, to: UnboundedSender<Box<Request>>) {
    let ahead = Arc::new(Semaphore::new(AHEAD));
    let mut reader = None;
    while let Ok(permit) = Arc::clone(&ahead).acquire_owned().await {
        let (sequence, said) = match next(&app, &mut reader, lease, place).await {
            Ok(next) => next,
            Err(error) => (place.sequence, Said::Broken(Arc::new(error))),
        };
        let ends = matches!(said, Said::Broken(_));
        let request = Request {
            lease,
            sequence,
            said,
            _ahead: permit,
        };
        if to.send(Box::new(request)).is_err() || ends {
            return;
        }
    }
}

async fn next(
    app: &App,
    reader: &mut Option<OrderedReader>,
    lease: Lease,
    place: StreamPlace,
) -> Result<(u64, Said), BusError> {
    let reader = match reader {
        Some(reader) => reader,
        None => reader.insert(open(app, lease, place).await?),
    };
    loop {
        match timeout(QUIET_FOR, reader.next()).await {
            Ok(entry) => {
                let entry = entry?;
                let sequence = entry.sequence;
                let said = match request::read(&entry) {
                    Ok((_, command)) => Said::Command { command, entry },
                    Err(cause) => Said::Unreadable { cause, entry },
                };
                return Ok((sequence, said));
            }
            Err(_elapsed) => match reader.skip_silence().await {
                Ok(place) => return Ok((place.sequence, Said::Silence)),
                Err(error) if error.may_pass() => {
                    warn!(%error, shard = %lease.shard, "a quiet shard stays where it is");
                }
                Err(error) => return Err(error),
            },
        }
    }
}

async fn open(app: &App, lease: Lease, place: StreamPlace) -> Result<OrderedReader, BusError> {
    let key = lease.shard.into();
    loop {
        let opened = app
            .bus
            .ordered_of(Stream::Positions, request::TOPICS, &key, place);
        match opened.await {
            Ok(reader) => return Ok(reader),
            Err(error) if error.may_pass() => {
                warn!(%error, shard = %lease.shard, "the requests of a shard cannot be read yet");
            }
            Err(error) => return Err(error),
        }
        sleep(RETRY_DELAY).await;
    }
}
