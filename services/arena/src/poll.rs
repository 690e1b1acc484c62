//! Asking the database, beside the loop, for what nobody may have told of.

use domain::battle::BattleTerms;
use domain::id::BattleId;
use store::arena::{self, BATTLES_AT_ONCE, Lease};
use store::{Db, Result, battle};
use tracing::{error, warn};

use crate::error::may_pass;

/// What the database knows of the battles of some shards.
#[derive(Debug)]
pub(crate) struct Polled {
    /// The shards that were asked for.
    pub(crate) leases: Vec<Lease>,
    /// To follow.
    pub(crate) unopened: Vec<BattleTerms>,
    /// To call off.
    pub(crate) called_off: Vec<BattleId>,
    /// To seal.
    pub(crate) unsealed: Vec<BattleId>,
    /// There is more than one answer holds.
    pub(crate) more: bool,
}

/// Asks for the battles of the shards of these leases; none if the database does not answer.
pub(crate) async fn poll(db: Db, leases: Vec<Lease>) -> Option<Polled> {
    match try_poll(&db, leases).await {
        Ok(polled) => Some(polled),
        Err(error) => {
            warn!(%error, "the database was not asked for battles");
            None
        }
    }
}

async fn try_poll(db: &Db, leases: Vec<Lease>) -> Result<Polled> {
    let shards: Vec<_> = leases.iter().map(|lease| lease.shard).collect();
    let ids = arena::list_unopened(db, &shards).await?;
    let called_off = arena::list_called_off(db, &shards).await?;
    let unsealed = arena::list_unsealed(db, &shards).await?;
    let is_full = |list: &[BattleId]| list.len() >= BATTLES_AT_ONCE as usize;
    let more = is_full(&ids) || is_full(&called_off);
    let mut unopened = Vec::with_capacity(ids.len());
    for battle in ids {
        match battle::find_terms(db, battle).await {
            Ok(terms) => unopened.extend(terms),
            Err(error) if may_pass(&error) => return Err(error),
            // The others can be played.
            Err(error) => error!(%battle, %error, "a battle cannot be read: mend its row"),
        }
    }
    Ok(Polled {
        leases,
        unopened,
        called_off,
        unsealed,
        more,
    })
}
