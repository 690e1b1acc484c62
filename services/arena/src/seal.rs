//! Sealing: the audit record of a battle that has ended, made from its log and the MARKET stream,
//! kept together with the result and announced, in one transaction.

use bus::BusError;
use contracts::Stream;
use contracts::arena::{BattleChange, BattleEvent};
use contracts::stream::StreamPlace;
use domain::battle::{BattleState, BattleStatus, LogEntry, Place};
use domain::id::BattleId;
use domain::record::Writer;
use futures::{StreamExt, stream};
use runtime::failpoint;
use store::arena::{self, Lease, Record};
use store::entity::battle::BattleStatus as MatchersStatus;
use tokio::sync::mpsc::Receiver;
use tokio_util::sync::CancellationToken;
use tracing::{error, info};

use crate::app::App;
use crate::beside::Told;
use crate::error::chain;
use crate::market_entry;

/// How many battles are sealed at once: each reads MARKET again.
const AT_ONCE: usize = 2;
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
}

/// Seals what it is told to until `shutdown`, so many battles at once, and tells the loop when it is
/// done with one, sealed or not.
pub(crate) async fn run(app: App, work: Receiver<Work>, shutdown: CancellationToken) {
    let work = stream::unfold(work, |mut work| async { Some((work.recv().await?, work)) });
    let sealing = work.for_each_concurrent(AT_ONCE, |(lease, battle)| {
        let app = app.clone();
        async move {
            match seal(&app, lease, battle).await {
                Ok(Some(sha256)) => info!(%battle, sha256, "a battle is sealed"),
                Ok(None) => info!(%battle, "a battle is not ours to seal, or is sealed"),
                Err(cause) => error!(%battle, cause = %chain(&cause), "a battle is not sealed yet"),
            }
            app.beside.tell(Told::Sealed(battle));
        }
    });
    shutdown.run_until_cancelled(sealing).await;
}

/// Seals a battle. None if somebody else has, or may.
async fn seal(app: &App, lease: Lease, id: BattleId) -> Result<Option<String>, Unsealed> {
    let Some(battle) = arena::find_battle(&app.db, id).await? else {
        return Ok(None);
    };
    if battle.status == BattleStatus::Open {
        return Ok(None);
    }
    let log = arena::list_log(&app.db, id).await?;
    let record = record(app, &battle, &log).await?;
    failpoint!("arena.before_seal");
    let kept = keep(app, lease, &battle, &record).await?;
    failpoint!("arena.after_seal");
    Ok(kept.then_some(record.sha256))
}

/// The record of a battle.
async fn record(app: &App, battle: &BattleState, log: &[LogEntry]) -> Result<Record, Unsealed> {
    let opened = log.first().ok_or(Unsealed::Incomplete)?.place;
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

    let mut bytes = Vec::new();
    let mut writer = Writer::open(&battle.terms, &mut bytes);
    let mut log = log.iter().peekable();
    while market.place().sequence < ended_at {
        let entry = market.next().await?;
        // What was logged behind an entry stands before the next one.
        while let Some(logged) = log.next_if(|logged| logged.place.sequence < entry.sequence) {
            writer.log(logged, &mut bytes);
        }
        if let Some(said) = market_entry::read_or_skip(&entry) {
            writer.market(entry.sequence, &said, &mut bytes);
        }
    }
    for logged in log {
        writer.log(logged, &mut bytes);
    }
    let hash = writer.seal(battle.result.as_ref(), &mut bytes);
    Ok(Record {
        sha256: hex::encode(hash.0),
        bytes,
    })
}

/// Keeps record and result and announces them; false if the shard is not ours any more, the
/// matcher called the battle off, or it is kept already.
///
/// The lease is checked last: a record is large, and the shard's commits wait for the lease's row.
async fn keep(
    app: &App,
    lease: Lease,
    battle: &BattleState,
    record: &Record,
) -> store::Result<bool> {
    let id = battle.terms.battle;
    let tx = app.db.begin().await?;
    let verdict = arena::verdict(&tx, id).await?;
    let called_off = verdict.is_none_or(|status| status == MatchersStatus::Canceled);
    if battle.result.is_some() && called_off {
        return Ok(false);
    }
    if !arena::insert_record(&tx, id, record).await? {
        return Ok(false);
    }
    let record_sha256 = record.sha256.clone();
    let change = match &battle.result {
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
