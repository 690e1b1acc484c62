//! From rows to memory: the shards that were just taken, some at a time on every core. One that
//! cannot be restored leaves the others alone.

use std::collections::BTreeMap;
use std::sync::Arc;

use bus::StreamBounds;
use contracts::Stream;
use contracts::shard::Shard as ShardNumber;
use contracts::stream::StreamPlace;
use domain::battle::{BattleRows, MarketState};
use store::arena::{self, Checkpoint, Lease, ShardRow};
use tokio::task::JoinSet;
use tracing::warn;

use crate::app::App;
use crate::error::Error;
use crate::shard::Shard;

/// What the streams hold.
struct Bounds {
    market: StreamBounds,
    positions: StreamBounds,
}

/// How many loaders read at the same time, each from three tables.
const LOADERS: usize = 2;
/// How many shards one of them reads together: until the engines have it, what was read is in
/// memory twice.
const SHARDS_TOGETHER: usize = 16;

/// Shards in memory, and those that cannot be brought there.
type Loaded = (Vec<Shard>, Vec<(Lease, Error)>);

/// The shards whose rows were just taken, with their running battles, and those that cannot be
/// restored.
pub(crate) async fn shards(app: &App, taken: Vec<ShardRow>) -> Result<Loaded, Error> {
    let bounds = Arc::new(Bounds {
        market: app.bus.bounds(Stream::Market).await?,
        positions: app.bus.bounds(Stream::Positions).await?,
    });
    let mut loading = JoinSet::new();
    for part in taken.chunks(taken.len().div_ceil(LOADERS).max(1)) {
        let part = part.to_vec();
        let (app, bounds) = (app.clone(), Arc::clone(&bounds));
        loading.spawn(async move {
            let (mut shards, mut failed) = Loaded::default();
            for rows in part.chunks(SHARDS_TOGETHER) {
                let mut loaded = together(&app, rows, &bounds).await?;
                shards.append(&mut loaded.0);
                failed.append(&mut loaded.1);
            }
            Ok::<Loaded, Error>((shards, failed))
        });
    }
    let (mut shards, mut failed) = Loaded::default();
    for loaded in loading.join_all().await {
        let mut loaded = loaded?;
        shards.append(&mut loaded.0);
        failed.append(&mut loaded.1);
    }
    Ok((shards, failed))
}

/// The same of a few shards.
async fn together(app: &App, taken: &[ShardRow], bounds: &Bounds) -> Result<Loaded, Error> {
    let numbers: Vec<ShardNumber> = taken.iter().map(|row| row.lease.shard).collect();
    let (mut shards, mut failed) = Loaded::default();
    let mut all = match rows(app, &numbers).await {
        Ok(rows) => rows
            .into_iter()
            .map(|(shard, rows)| (shard, Ok(rows)))
            .collect(),
        Err(error) if error.may_pass() => return Err(error),
        Err(_) => one_by_one(app, &numbers).await?,
    };
    for row in taken {
        let lease = row.lease;
        let battles = all.remove(&lease.shard).unwrap_or_else(|| Ok(Vec::new()));
        match battles.and_then(|battles| shard(row, battles, bounds)) {
            Ok(shard) => shards.push(shard),
            Err(error) => failed.push((lease, error)),
        }
    }
    Ok((shards, failed))
}

type Rows<T> = BTreeMap<ShardNumber, T>;

/// The rows of the running battles of some shards.
async fn rows(app: &App, shards: &[ShardNumber]) -> Result<Rows<Vec<BattleRows>>, Error> {
    let battles = arena::list_running(&app.db, shards).await?;
    let mut rows: Rows<Vec<BattleRows>> = BTreeMap::new();
    for battle in arena::list_rows(&app.db, &battles).await? {
        rows.entry(ShardNumber::of(battle.battle.terms.battle))
            .or_default()
            .push(battle);
    }
    Ok(rows)
}

/// As [`rows`], where a row of some shard cannot be read: the others' can.
async fn one_by_one(
    app: &App,
    shards: &[ShardNumber],
) -> Result<Rows<Result<Vec<BattleRows>, Error>>, Error> {
    let mut all = BTreeMap::new();
    for shard in shards {
        let rows = match rows(app, &[*shard]).await {
            Ok(mut rows) => Ok(rows.remove(shard).unwrap_or_default()),
            Err(error) if error.may_pass() => return Err(error),
            Err(error) => Err(error),
        };
        all.insert(*shard, rows);
    }
    Ok(all)
}

fn shard(row: &ShardRow, battles: Vec<BattleRows>, bounds: &Bounds) -> Result<Shard, Error> {
    let shard = row.lease.shard;
    let checkpoint = match &row.checkpoint {
        None => bounds.beginning(),
        Some(checkpoint) => match bounds.check(checkpoint) {
            Ok(()) => checkpoint.clone(),
            Err(source) if battles.is_empty() => {
                warn!(%shard, error = %source, "no battle runs: the shard begins anew");
                bounds.beginning()
            }
            Err(source) => return Err(Error::Checkpoint(Arc::new(source))),
        },
    };
    Ok(Shard::restore(row.lease, row.commits, checkpoint, battles)?)
}

impl Bounds {
    /// Before the first entries: what was published before there was an arena counts, too.
    fn beginning(&self) -> Checkpoint {
        let StreamPlace {
            incarnation,
            sequence,
        } = self.market.head();
        Checkpoint {
            market: MarketState {
                incarnation,
                sequence,
                ..MarketState::default()
            },
            positions: self.positions.head(),
        }
    }

    fn check(&self, checkpoint: &Checkpoint) -> Result<(), bus::BusError> {
        let MarketState {
            incarnation,
            sequence,
            ..
        } = checkpoint.market;
        self.market.check(StreamPlace {
            incarnation,
            sequence,
        })?;
        self.positions.check(checkpoint.positions)
    }
}
