//! Taking shards over, beside the loop: their rows come into memory, and then they read MARKET's
//! backlog with a reader of their own. The loop goes on with the shards that it has.

use std::sync::Arc;

use contracts::Stream;
use contracts::stream::StreamPlace;
use store::arena::{Lease, ShardRow};
use tokio::time::Instant;

use crate::app::App;
use crate::error::Error;
use crate::shard::Shard;
use crate::{load, market_entry};

/// What came of taking shards over.
#[derive(Debug)]
pub(crate) struct TakenOver {
    /// When it was begun.
    pub(crate) began: Instant,
    /// These have read all that MARKET held after they were taken.
    pub(crate) ready: Vec<Shard>,
    /// These could not be loaded, or cannot go on.
    pub(crate) failed: Vec<(Lease, Error)>,
}

/// Loads the shards whose rows were just taken and lets them read the backlog.
pub(crate) async fn take_over(app: App, rows: Vec<ShardRow>) -> TakenOver {
    let began = Instant::now();
    let leases: Vec<Lease> = rows.iter().map(|row| row.lease).collect();
    let (loaded, mut failed) = match load::shards(&app, rows).await {
        Ok(loaded) => loaded,
        Err(error) => return all_failed(began, leases, error),
    };
    let mut taken = catch_up(app, loaded, began).await;
    failed.append(&mut taken.failed);
    TakenOver { failed, ..taken }
}

/// Lets shards read on to MARKET's tail.
pub(crate) async fn catch_up(app: App, mut shards: Vec<Shard>, began: Instant) -> TakenOver {
    match read_backlog(&app, &mut shards).await {
        Ok(()) => TakenOver {
            began,
            ready: shards,
            failed: Vec::new(),
        },
        Err(error) => {
            let leases = shards.iter().map(|shard| shard.lease).collect();
            all_failed(began, leases, error)
        }
    }
}

async fn read_backlog(app: &App, shards: &mut [Shard]) -> Result<(), Error> {
    let Some(place) = lowest(shards) else {
        return Ok(());
    };
    let tail = app.bus.bounds(Stream::Market).await?.last;
    if place.sequence >= tail {
        return Ok(());
    }
    let mut reader = app
        .bus
        .ordered(Stream::Market, market_entry::TOPICS, place)
        .await?;
    while let Some(entry) = reader.next_up_to(tail).await? {
        if let Some(said) = market_entry::read_or_skip(&entry) {
            for shard in &mut *shards {
                shard.market(entry.sequence, &said)?;
            }
        }
    }
    // The last entries may be gone, or say nothing of the market: the loop begins behind them.
    for shard in shards {
        shard.skip_to(tail);
    }
    Ok(())
}

/// The lowest place, from which all of them can be served: each skips what it has applied.
fn lowest(shards: &[Shard]) -> Option<StreamPlace> {
    let places = shards.iter().map(Shard::market_place);
    places.min_by_key(|place| place.sequence)
}

fn all_failed(began: Instant, leases: Vec<Lease>, error: Error) -> TakenOver {
    let error = Arc::new(error);
    let failed = leases
        .into_iter()
        .map(|lease| (lease, Error::Together(Arc::clone(&error))));
    TakenOver {
        began,
        ready: Vec::new(),
        failed: failed.collect(),
    }
}
