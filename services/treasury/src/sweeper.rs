//! Frees the holds that have expired, each once, however many treasuries do it. Decides of none: the
//! database's clock says which are due.

use std::time::Duration;

use contracts::treasury::Posted;
use domain::id::UserId;
use domain::ledger::{AccountKind, Unit};
use domain::money::Money;
use metrics::{counter, gauge};
use runtime::{Clock, causes, ids};
use store::ledger::{self, ExpiredHold, Refusal};
use store::{Db, Page, Tx};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use crate::app::now_s;
use crate::error::Error;

const FAILED: &str = "treasury_hold_expiries_failed_total";
const EXPIRED: &str = "treasury_holds_expired_total";

/// How many holds are looked up at once.
const LISTED: u32 = 100;

/// Frees what is due every `interval` until `shutdown`.
pub(crate) async fn run(
    db: Db,
    clock: Clock,
    interval: Duration,
    shutdown: CancellationToken,
) -> anyhow::Result<()> {
    // Shown from the beginning: what is not there cannot rise.
    counter!(FAILED).increment(0);
    counter!(EXPIRED).increment(0);
    let sweeping = async {
        loop {
            match sweep(&db).await {
                Ok(()) => {
                    gauge!("treasury_holds_swept_at_seconds").set(now_s(&clock));
                }
                Err(error) => {
                    counter!(FAILED).increment(1);
                    tracing::warn!(cause = causes(&error), "expired holds wait");
                }
            }
            sleep(interval).await;
        }
    };
    shutdown.run_until_cancelled(sweeping).await;
    Ok(())
}

/// Frees everything that is due, whatever becomes of the others; answers the last failure.
async fn sweep(db: &Db) -> Result<(), Error> {
    let mut outcome = Ok(());
    let mut page = Page::first(LISTED);
    loop {
        let due = ledger::list_expired(db, page).await?;
        for hold in &due.rows {
            let mut freed = expire(db, hold).await;
            if let Err(Error::Store(store::Error::Conflict(_))) = freed {
                // Whoever was slower by a moment finds it done.
                freed = expire(db, hold).await;
            }
            match freed {
                // Somebody else ended it meanwhile.
                Ok(()) | Err(Error::Ledger(Refusal::HoldEnded)) => {}
                Err(error) => {
                    tracing::warn!(hold = %hold.id, cause = causes(&error), "a hold is not freed");
                    outcome = Err(error);
                }
            }
        }
        match due.rows.last() {
            Some(last) if due.more => page = Page::after(last.place(), LISTED),
            Some(_) | None => return outcome,
        }
    }
}

/// Frees one hold and tells its owner, in a transaction of its own: it waits for nobody but
/// whoever ends the same hold.
async fn expire(db: &Db, hold: &ExpiredHold) -> Result<(), Error> {
    let tx = db.begin().await?;
    match ledger::post(&tx, &[hold.expiry()]).await?? {
        ledger::Posted::Now => {
            tell(&tx, hold).await?;
            tx.commit().await?;
            counter!(EXPIRED).increment(1);
            tracing::info!(hold = %hold.id, "hold expired");
        }
        ledger::Posted::Before => tx.rollback().await?,
    }
    Ok(())
}

/// Tells whose wallet it is, if it is one.
async fn tell(tx: &Tx, hold: &ExpiredHold) -> Result<(), Error> {
    let unit: Option<Unit> = hold.unit.parse().ok();
    let currency = unit.and_then(Unit::currency);
    let Some(currency) = currency.filter(|_| hold.kind == AccountKind::User.code()) else {
        return Ok(());
    };
    let expiry = hold.expiry();
    let user = UserId::new(hold.owner_id);
    let posted = Posted {
        transfer: expiry.key.id(),
        user,
        amount: Money { minor: 0, currency },
        kind: expiry.kind.to_owned(),
    };
    tx.announce(user, 0, ids::mint(), &posted).await?;
    Ok(())
}
