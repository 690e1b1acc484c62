//! `battlesbit remap`: takes shards of the arena over to streams that were created anew. A shard
//! goes on only where MARKET still holds, under the same sequences, all that its battles lived
//! through: the trades say so, by their numbers. Otherwise their records could not be made, and they
//! can only be given up: everybody gets everything back.

use std::collections::BTreeMap;
use std::process::ExitCode;

use anyhow::Context;
use bus::{Bus, StreamBounds};
use clap::Args;
use contracts::market::Tick;
use contracts::shard::Shard;
use contracts::stream::StreamPlace;
use contracts::{Stream, Topic};
use domain::battle::{LogBody, MarketState};
use domain::id::BattleId;
use domain::market;
use domain::symbol::Symbol;
use store::Db;
use store::arena::{self, Checkpoint, ShardRow};

use crate::places::{Nats, Postgres};

/// Why nothing was changed.
const RUNS: &str = "an arena runs it: stop the arenas first";

#[derive(Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    postgres: Postgres,
    #[command(flatten)]
    nats: Nats,
    /// Which shards, from 0; all that need it if none is named.
    #[arg(long = "shard")]
    shards: Vec<u8>,
    /// Gives up the battles of shards that cannot go on: the matcher cancels them, whatever the
    /// time, and everybody gets everything back.
    #[arg(long)]
    give_up: bool,
}

/// What the streams hold.
struct Bounds {
    market: StreamBounds,
    positions: StreamBounds,
}

/// A shard that cannot go on from its checkpoint, and what has to be so in MARKET that it can.
struct Lost {
    row: ShardRow,
    checkpoint: Checkpoint,
    battles: Vec<BattleId>,
    /// How the market stood at the checkpoint and at the openings.
    stood: Vec<MarketState>,
    /// Why it cannot be taken over.
    refusal: Option<String>,
}

/// The last trade of each symbol.
type Trades = BTreeMap<Symbol, market::Tick>;

pub(crate) async fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let shards = if arguments.shards.is_empty() {
        Shard::all().collect()
    } else {
        let named = arguments.shards.iter().copied().map(Shard::try_from);
        named.collect::<Result<Vec<_>, _>>()?
    };
    let (db, bus) = (
        arguments.postgres.connect().await?,
        arguments.nats.connect().await?,
    );
    let bounds = Bounds {
        market: bus.bounds(Stream::Market).await?,
        positions: bus.bounds(Stream::Positions).await?,
    };
    let mut lost = list_lost(&db, &shards, &bounds).await?;
    if lost.is_empty() {
        println!("every shard with battles stands in its streams");
    }
    compare(&bus, &bounds, &mut lost).await?;
    let mut code = ExitCode::SUCCESS;
    for lost in &lost {
        let shard = lost.row.lease.shard;
        let done = match &lost.refusal {
            None => take_over(&db, &bounds, lost).await?,
            Some(_) if arguments.give_up => give_up(&db, lost).await?,
            Some(refusal) => Err(refusal.clone()),
        };
        match done {
            Ok(done) => println!("shard {shard}: {done}"),
            Err(refusal) => {
                println!("shard {shard} stays as it is: {refusal}");
                code = ExitCode::FAILURE;
            }
        }
    }
    Ok(code)
}

/// The shards whose checkpoint lies outside their streams; without battles, an arena begins them
/// anew by itself.
async fn list_lost(db: &Db, shards: &[Shard], bounds: &Bounds) -> anyhow::Result<Vec<Lost>> {
    let mut lost = Vec::new();
    for row in arena::find(db, shards).await? {
        let Some(checkpoint) = row.checkpoint.clone() else {
            continue;
        };
        let market = bounds.market.check(place(&checkpoint.market));
        if market.is_ok() && bounds.positions.check(checkpoint.positions).is_ok() {
            continue;
        }
        let shard = [row.lease.shard];
        let mut battles = arena::list_running(db, &shard).await?;
        battles.extend(arena::list_unsealed(db, &shard).await?);
        if battles.is_empty() {
            continue;
        }
        let mut stood = vec![checkpoint.market.clone()];
        for battle in &battles {
            let log = arena::list_log(db, *battle, 0).await?;
            match log.into_iter().next().map(|entry| entry.body) {
                Some(LogBody::Opened { market }) => stood.push(market),
                _ => anyhow::bail!("the log of battle {battle} does not begin with its opening"),
            }
        }
        stood.sort_by_key(|market| market.sequence);
        lost.push(Lost {
            row,
            checkpoint,
            battles,
            stood,
            refusal: None,
        });
    }
    lost.sort_by_key(|lost| lost.row.lease.shard);
    Ok(lost)
}

/// Reads MARKET once, and refuses the shards whose market it is not.
async fn compare(bus: &Bus, bounds: &Bounds, lost: &mut [Lost]) -> anyhow::Result<()> {
    let mut claims: Vec<(usize, MarketState)> = Vec::new();
    for (index, lost) in lost.iter_mut().enumerate() {
        for stood in &lost.stood {
            let there = StreamPlace {
                incarnation: bounds.market.incarnation,
                sequence: stood.sequence,
            };
            match bounds.market.check(there) {
                Ok(()) => claims.push((index, stood.clone())),
                Err(refusal) => lost.refusal = Some(refusal.to_string()),
            }
        }
    }
    claims.sort_by_key(|(_, stood)| stood.sequence);
    let Some((_, latest)) = claims.last() else {
        return Ok(());
    };
    let latest = latest.sequence;
    let mut reader = bus
        .ordered(Stream::Market, &[Topic::Tick], bounds.market.head())
        .await?;
    let (mut trades, mut claims) = (Trades::new(), claims.into_iter().peekable());
    loop {
        let entry = reader.next_up_to(latest).await?;
        let sequence = entry.as_ref().map_or(u64::MAX, |entry| entry.sequence);
        while let Some((index, stood)) = claims.next_if(|(_, stood)| stood.sequence < sequence) {
            if let (Some(refusal), Some(lost)) = (difference(&trades, &stood), lost.get_mut(index))
            {
                lost.refusal = Some(refusal);
            }
        }
        let Some(entry) = entry else {
            return Ok(());
        };
        let tick = entry.decode::<Tick>().context("MARKET holds no trade")?;
        let last = trades.get(&tick.symbol).map_or(0, |last| last.trade);
        if tick.trade_id > last {
            let (trade, price, time) = (tick.trade_id, tick.price, tick.time);
            trades.insert(tick.symbol, market::Tick { trade, price, time });
        }
    }
}

/// Where the stream tells of another market than the shard followed.
fn difference(trades: &Trades, stood: &MarketState) -> Option<String> {
    let mut assets = stood.assets.iter();
    let other = assets.find(|asset| trades.get(&asset.symbol) != asset.tick.as_ref())?;
    let trade = |tick: Option<&market::Tick>| {
        tick.map_or_else(|| "none".to_owned(), |tick| tick.trade.to_string())
    };
    Some(format!(
        "MARKET is not the one that it followed: up to {} the last trade of {} was {}, and is {}",
        stood.sequence,
        other.symbol,
        trade(other.tick.as_ref()),
        trade(trades.get(&other.symbol)),
    ))
}

/// Puts a shard where it stood, in the streams that there are now.
async fn take_over(
    db: &Db,
    bounds: &Bounds,
    lost: &Lost,
) -> anyhow::Result<Result<String, String>> {
    let mut to = lost.checkpoint.clone();
    to.market.incarnation = bounds.market.incarnation;
    if bounds.positions.check(to.positions).is_err() {
        to.positions = bounds.positions.head();
    }
    let tx = db.begin().await?;
    if !arena::remap(&tx, &lost.row, &to).await? {
        return Ok(Err(RUNS.to_owned()));
    }
    for battle in &lost.battles {
        arena::move_log(&tx, *battle, to.market.incarnation).await?;
    }
    tx.commit().await?;
    Ok(Ok(format!(
        "goes on behind {} of MARKET and {} of POSITIONS, with {} battles",
        to.market.sequence,
        to.positions.sequence,
        lost.battles.len(),
    )))
}

/// Gives up the battles of a shard; without any, an arena begins it anew.
async fn give_up(db: &Db, lost: &Lost) -> anyhow::Result<Result<String, String>> {
    let tx = db.begin().await?;
    let at = lost.checkpoint.market.sequence;
    if !arena::give_up(&tx, &lost.row, &lost.battles, at).await? {
        return Ok(Err(RUNS.to_owned()));
    }
    tx.commit().await?;
    let given_up = lost.battles.len();
    Ok(Ok(format!("{given_up} battles are given up")))
}

const fn place(market: &MarketState) -> StreamPlace {
    StreamPlace {
        incarnation: market.incarnation,
        sequence: market.sequence,
    }
}
