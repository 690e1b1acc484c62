//! Sealing: the audit record of a battle that has ended, made from its log and the MARKET stream,
//! kept together with the result and announced, in one transaction. Nothing here ever holds a whole
//! record.

use std::collections::VecDeque;
use std::io;
use std::sync::Arc;

use bus::BusError;
use contracts::Stream;
use contracts::arena::{BattleChange, BattleEvent};
use contracts::stream::StreamPlace;
use domain::battle::{BattleState, BattleStatus, BattleTerms, LogEntry, Place};
use domain::id::BattleId;
use domain::record::{MAX_RECORD_LEN, Writer};
use futures::{StreamExt, stream};
use metrics::counter;
use runtime::{causes, failpoint};
use store::Db;
use store::arena::{self, Lease};
use store::entity::battle::BattleStatus as MatchersStatus;
use store::record::{self, PART_LEN, Record};
use tokio::sync::mpsc::Receiver;
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio_util::sync::CancellationToken;
use tracing::{error, info};

use crate::app::App;
use crate::beside::Told;
use crate::market_entry;
use crate::spool::{Parts, Spool};

const FAILED: &str = "arena_seals_failed_total";

/// How many battles are sealed at once: each reads MARKET again.
const AT_ONCE: usize = 2;
/// How many of these may be long ones, which take minutes: the others do not wait for them.
const LONG_AT_ONCE: usize = 1;
/// A battle that lasted longer is long.
const LONG_MS: i64 = 60 * 60 * 1_000;
/// How many battles may wait for it. The database lists the others again.
pub(crate) const WAITING: usize = 1_024;

/// An ended battle, and the lease under which it may be sealed.
pub(crate) type Work = (Lease, BattleId);

/// Why a battle was not sealed.
#[derive(Debug, thiserror::Error)]
enum Unsealed {
    #[error("its market entries cannot be read")]
    Market(#[from] BusError),
    #[error(transparent)]
    Store(#[from] store::Error),
    #[error("its log or its row is incomplete")]
    Incomplete,
    #[error("its record cannot be laid aside")]
    Spool(#[from] io::Error),
    #[error("its record has more than {MAX_RECORD_LEN} bytes, which no battle's should")]
    TooLong,
}

/// Who may seal now.
struct Turns {
    all: Semaphore,
    long: Semaphore,
}

impl Turns {
    const fn new() -> Self {
        Self {
            all: Semaphore::const_new(AT_ONCE),
            long: Semaphore::const_new(LONG_AT_ONCE),
        }
    }

    /// Waits for the turn of a battle that lasted so long; it is over when the value is dropped.
    async fn take(&self, lasted_ms: i64) -> [Option<SemaphorePermit<'_>>; 2] {
        // A long one that waits for another keeps none of the turns of all.
        let long = if lasted_ms > LONG_MS {
            self.long.acquire().await.ok()
        } else {
            None
        };
        [long, self.all.acquire().await.ok()]
    }
}

/// Seals what it is told to until `shutdown`, so many battles at once, and tells the loop when it is
/// done with one, sealed or not.
pub(crate) async fn run(app: App, work: Receiver<Work>, shutdown: CancellationToken) {
    // Shown from the beginning: what is not there cannot rise.
    counter!(FAILED).increment(0);
    let turns = Arc::new(Turns::new());
    let work = stream::unfold(work, |mut work| async { Some((work.recv().await?, work)) });
    let found = work.then(|(lease, battle)| {
        let app = app.clone();
        async move { (lease, battle, arena::find_battle(&app.db, battle).await) }
    });
    let sealing = found.for_each_concurrent(WAITING, |(lease, battle, found)| {
        let (app, turns) = (app.clone(), Arc::clone(&turns));
        async move {
            match seal(&app, &turns, lease, found).await {
                Ok(Some(sha256)) => info!(%battle, sha256, "a battle is sealed"),
                Ok(None) => info!(%battle, "a battle is not ours to seal, or is sealed"),
                Err(cause) => {
                    counter!(FAILED).increment(1);
                    error!(%battle, cause = causes(&cause), "a battle is not sealed yet");
                }
            }
            app.beside.tell(Told::Sealed(battle));
        }
    });
    shutdown.run_until_cancelled(sealing).await;
}

/// Seals a battle. None if somebody else has, or may.
async fn seal(
    app: &App,
    turns: &Turns,
    lease: Lease,
    found: store::Result<Option<BattleState>>,
) -> Result<Option<String>, Unsealed> {
    let ended = found?.filter(|battle| battle.status != BattleStatus::Open);
    let Some(battle) = ended else {
        return Ok(None);
    };
    let BattleTerms {
        start_time,
        end_time,
        ..
    } = battle.terms;
    let _turn = turns
        .take(end_time.ms().saturating_sub(start_time.ms()))
        .await;
    let (record, parts) = record(app, &battle).await?;
    failpoint!("arena.before_seal");
    let kept = keep(app, lease, &battle, &record, parts).await?;
    failpoint!("arena.after_seal");
    Ok(kept.then_some(record.sha256))
}

/// The record of a battle, and its bytes.
async fn record(app: &App, battle: &BattleState) -> Result<(Record, Parts), Unsealed> {
    let id = battle.terms.battle;
    let mut log = Log::open(&app.db, id).await?;
    let opened = log.page.front().ok_or(Unsealed::Incomplete)?.place;
    let ended_at = battle.ended_at.ok_or(Unsealed::Incomplete)?;
    let Place {
        incarnation,
        sequence,
        ..
    } = opened;
    let place = StreamPlace {
        incarnation,
        sequence,
    };
    let mut market = app
        .bus
        .ordered(Stream::Market, market_entry::TOPICS, place)
        .await?;

    let mut spool = Spool::new(PART_LEN);
    let mut writer = Writer::open(&battle.terms, spool.end());
    while let Some(entry) = market.next_up_to(ended_at).await? {
        // What was logged behind an entry stands before the next one.
        while let Some(logged) = log.next_before(entry.sequence).await? {
            writer.log(&logged, spool.end());
            lay_aside(&mut spool).await?;
        }
        if let Some(said) = market_entry::read_or_skip(&entry) {
            writer.market(entry.sequence, &said, spool.end());
            lay_aside(&mut spool).await?;
        }
    }
    while let Some(logged) = log.next_before(u64::MAX).await? {
        writer.log(&logged, spool.end());
        lay_aside(&mut spool).await?;
    }
    // A stream that has dropped its oldest meanwhile said nothing of what was among them.
    app.bus.bounds(Stream::Market).await?.check(place)?;
    let hash = writer.seal(battle.result.as_ref(), spool.end());
    lay_aside(&mut spool).await?;
    let record = Record {
        battle_id: id.uuid(),
        sha256: hex::encode(hash.0),
        size: i64::try_from(spool.len()).map_err(|_too_long| Unsealed::TooLong)?,
    };
    Ok((record, spool.parts().await?))
}

/// Takes what was written out of memory.
async fn lay_aside(spool: &mut Spool) -> Result<(), Unsealed> {
    if spool.len() > MAX_RECORD_LEN {
        return Err(Unsealed::TooLong);
    }
    Ok(spool.file_whole_parts().await?)
}

/// A battle's log, read page by page.
struct Log<'a> {
    db: &'a Db,
    battle: BattleId,
    page: VecDeque<LogEntry>,
    /// The number of the last entry that was read.
    read: u64,
    ended: bool,
}

impl<'a> Log<'a> {
    async fn open(db: &'a Db, battle: BattleId) -> store::Result<Self> {
        let mut log = Self {
            db,
            battle,
            page: VecDeque::new(),
            read: 0,
            ended: false,
        };
        log.turn().await?;
        Ok(log)
    }

    /// The next entry, if it stands before this market entry.
    async fn next_before(&mut self, sequence: u64) -> store::Result<Option<LogEntry>> {
        if self.page.is_empty() && !self.ended {
            self.turn().await?;
        }
        let next = self.page.front();
        let due = next.is_some_and(|logged| logged.place.sequence < sequence);
        Ok(if due { self.page.pop_front() } else { None })
    }

    async fn turn(&mut self) -> store::Result<()> {
        self.page = arena::list_log(self.db, self.battle, self.read)
            .await?
            .into();
        match self.page.back() {
            Some(last) => self.read = last.place.number,
            None => self.ended = true,
        }
        Ok(())
    }
}

/// Keeps record and result and announces them; false if the shard is not ours any more, the
/// matcher called the battle off, or it is kept already.
///
/// The parts come first, for they take long, and whoever cancels the battle waits for the verdict.
/// The lease is checked last, for the shard's commits wait for its row.
async fn keep(
    app: &App,
    lease: Lease,
    battle: &BattleState,
    record: &Record,
    mut parts: Parts,
) -> Result<bool, Unsealed> {
    let id = battle.terms.battle;
    let tx = app.db.begin().await?;
    let mut numbers = 0..;
    while let (Some(part), Some(bytes)) = (numbers.next(), parts.next().await?) {
        if !record::insert_part(&tx, id, part, bytes).await? {
            return Ok(false);
        }
    }
    let Some(verdict) = arena::verdict(&tx, id).await? else {
        return Ok(false);
    };
    // What was called off before its result was sealed has none, whatever its trading came to.
    let called_off = verdict == MatchersStatus::Canceled;
    let result = battle.result.as_ref().filter(|_| !called_off);
    if !record::insert(&tx, record).await? {
        return Ok(false);
    }
    let record_sha256 = record.sha256.clone();
    let change = match result {
        Some(result) => {
            arena::insert_result(&tx, result, &record_sha256).await?;
            BattleChange::Sealed {
                result: result.clone(),
                record_sha256,
            }
        }
        None => BattleChange::Canceled { record_sha256 },
    };
    let event = BattleEvent {
        battle: id,
        game: battle.terms.game,
        change,
    };
    tx.announce(id.uuid(), 0, runtime::ids::mint(), &event)
        .await?;
    if !arena::still_owned(&tx, lease).await? {
        return Ok(false);
    }
    tx.commit().await?;
    Ok(true)
}

#[cfg(test)]
mod tests {
    use futures::FutureExt;

    use super::*;

    #[test]
    fn a_short_battle_is_sealed_while_long_ones_wait_for_each_other() {
        let (short, long) = (LONG_MS, LONG_MS + 1);
        let turns = Turns::new();
        let first = turns.take(long).now_or_never();
        assert!(first.is_some());
        let mut second = Box::pin(turns.take(long));
        assert!(second.as_mut().now_or_never().is_none());
        let other = turns.take(short).now_or_never();
        assert!(other.is_some(), "its turn");
        assert!(turns.take(short).now_or_never().is_none(), "two at once");
        drop(other);
        assert!(turns.take(short).now_or_never().is_some());
        drop(first);
        assert!(second.now_or_never().is_some());
    }
}
