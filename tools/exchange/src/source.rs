//! Where trades come from: a recording, a synthetic market, or nobody but the control interface.

use std::io;
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

use crate::amount::Amount;
use crate::frames::Recording;
use crate::listing::Listing;
use crate::synthetic::{Shape, Synthetic};
use crate::venue::Venue;

/// Where trades come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// Only from the control interface.
    Manual,
    /// From a seeded synthetic market.
    Synthetic(Shape),
    /// From a file of recorded frames, over and over.
    Recording(PathBuf),
}

/// A wait, then a trade.
struct Next {
    after: Duration,
    symbol: String,
    price: Amount,
    quantity: Amount,
    buyer_is_maker: bool,
}

/// A source made ready: the symbols it trades and the endless run of its trades.
pub(crate) struct Supply {
    pub(crate) listings: Vec<Listing>,
    /// What the time before the first trade is made of; a recording has none but its own.
    pub(crate) past_seed: Option<u64>,
    trades: Box<dyn Iterator<Item = Next> + Send>,
}

/// Between the end of a recording and its beginning.
const LOOP_PAUSE: Duration = Duration::from_millis(100);
/// The longest wait that a recording may hold.
const MAX_WAIT: Duration = Duration::from_secs(10);

impl Supply {
    /// Makes a source ready.
    ///
    /// # Errors
    /// When a recording cannot be read.
    pub(crate) fn open(source: &Source) -> io::Result<Self> {
        match source {
            Source::Manual => Ok(Self {
                listings: Listing::defaults(),
                past_seed: Some(Shape::default().seed),
                trades: Box::new(std::iter::empty()),
            }),
            Source::Synthetic(shape) => Ok(Self::synthetic(shape.clone())),
            Source::Recording(path) => {
                let recording = Recording::open(path).map_err(|error| {
                    let path = path.display();
                    io::Error::new(error.kind(), format!("cannot play {path}: {error}"))
                })?;
                tracing::info!(
                    trades = recording.trades.len(),
                    skipped = recording.skipped,
                    "recording opened"
                );
                Ok(Self::replay(recording))
            }
        }
    }

    fn synthetic(shape: Shape) -> Self {
        let listings = Listing::defaults();
        let symbols: Vec<_> = listings
            .iter()
            .map(|listing| listing.symbol.clone())
            .collect();
        let past_seed = Some(shape.seed);
        let mut before_us = 0;
        let trades = Synthetic::new(shape, &listings).filter_map(move |step| {
            let after = Duration::from_micros(step.at_us.saturating_sub(before_us));
            before_us = step.at_us;
            Some(Next {
                after,
                symbol: symbols.get(step.listing)?.clone(),
                price: step.price,
                quantity: step.quantity,
                buyer_is_maker: step.buyer_is_maker,
            })
        });
        Self {
            listings,
            past_seed,
            trades: Box::new(trades),
        }
    }

    fn replay(recording: Recording) -> Self {
        let listings = recording.listings();
        let mut before_ns = None;
        let trades = recording.trades.into_iter().cycle().map(move |recorded| {
            let at_ns = recorded.received_ns;
            let after = match before_ns.replace(at_ns) {
                None => Duration::ZERO,
                Some(before) if before > at_ns => LOOP_PAUSE,
                Some(before) => Duration::from_nanos(at_ns - before).min(MAX_WAIT),
            };
            Next {
                after,
                symbol: recorded.trade.symbol,
                price: recorded.trade.price,
                quantity: recorded.trade.quantity,
                buyer_is_maker: recorded.trade.buyer_is_maker,
            }
        });
        Self {
            listings,
            past_seed: None,
            trades: Box::new(trades),
        }
    }

    /// Lets the venue trade until the supply ends, waiting `speed` times less than the source did.
    pub(crate) async fn drive(self, venue: Arc<Venue>, speed: NonZeroU32) {
        let mut mood = venue.mood();
        let mut due = Instant::now();
        for next in self.trades {
            due += next.after / speed.get();
            sleep_until(due).await;
            if mood.borrow().paused {
                if mood.wait_for(|mood| !mood.paused).await.is_err() {
                    return;
                }
                due = Instant::now();
            }
            venue.trade_from_source(&next.symbol, next.price, next.quantity, next.buyer_is_maker);
        }
    }
}
