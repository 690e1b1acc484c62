//! From rows to memory: shards at take-over, battles when they are heard of.

use std::collections::BTreeMap;

use bus::StreamBounds;
use contracts::Stream;
use contracts::shard::Shard as ShardNumber;
use contracts::stream::StreamPlace;
use domain::battle::{BattleRows, BattleStatus, MarketState};
use domain::id::BattleId;
use store::arena::{self, Checkpoint, ShardRow};
use store::entity::battle::BattleStatus as MatchersStatus;
use store::{Db, battle};
use tracing::{error, info, warn};

use crate::app::App;
use crate::error::Error;
use crate::shard::Shard;

/// What the streams hold.
struct Bounds {
    market: StreamBounds,
    positions: StreamBounds,
}

/// The shards whose rows were just taken, with their running battles.
pub(crate) async fn shards(app: &App, taken: Vec<ShardRow>) -> Result<Vec<Shard>, Error> {
    let bounds = Bounds {
        market: app.bus.bounds(Stream::Market).await?,
        positions: app.bus.bounds(Stream::Positions).await?,
    };
    let numbers: Vec<ShardNumber> = taken.iter().map(|row| row.lease.shard).collect();
    let battles = arena::list_running(&app.db, &numbers).await?;
    let mut rows: BTreeMap<ShardNumber, Vec<BattleRows>> = BTreeMap::new();
    for battle in arena::list_rows(&app.db, &battles).await? {
        rows.entry(ShardNumber::of(battle.battle.terms.battle))
            .or_default()
            .push(battle);
    }
    let shards = taken.into_iter().map(|row| {
        let battles = rows.remove(&row.lease.shard).unwrap_or_default();
        shard(row, battles, &bounds)
    });
    shards.collect()
}

fn shard(row: ShardRow, battles: Vec<BattleRows>, bounds: &Bounds) -> Result<Shard, Error> {
    let shard = row.lease.shard;
    let checkpoint = match row.checkpoint {
        None => bounds.beginning(),
        Some(checkpoint) => match bounds.check(&checkpoint) {
            Ok(()) => checkpoint,
            Err(source) if battles.is_empty() => {
                warn!(%shard, error = %source, "no battle runs: the shard begins anew");
                bounds.beginning()
            }
            Err(source) => return Err(Error::Checkpoint { shard, source }),
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

/// What came of looking for a battle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Found {
    /// It runs, and the shard follows it.
    Running,
    /// It has ended; its rows were taken in for its kept outcomes, and can be forgotten.
    Ended,
    /// There is nothing to follow.
    Nothing,
}

/// Makes a shard look for a battle that it does not know.
pub(crate) async fn battle(db: &Db, shard: &mut Shard, id: BattleId) -> Result<Found, Error> {
    if let Some(rows) = arena::list_rows(db, &[id]).await?.pop() {
        if rows.battle.status == BattleStatus::Open {
            error!(battle = %id, "a battle of this shard was opened without its owner");
            return Ok(Found::Nothing);
        }
        shard.adopt(rows)?;
        return Ok(Found::Ended);
    }
    let found = battle::find(db, id).await?;
    let live = |found: &battle::Battle| match found.status {
        MatchersStatus::Open | MatchersStatus::Settling => true,
        MatchersStatus::Waiting | MatchersStatus::Closed | MatchersStatus::Canceled => false,
    };
    let Some(found) = found.filter(live) else {
        return Ok(Found::Nothing);
    };
    match shard.open(found.terms)? {
        Ok(()) => {
            info!(battle = %id, shard = %shard.lease.shard, "a battle is followed");
            Ok(Found::Running)
        }
        Err(refusal) => {
            error!(battle = %id, %refusal, "a battle cannot be played: cancel it");
            Ok(Found::Nothing)
        }
    }
}
