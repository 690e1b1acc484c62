//! A transaction: the only thing that writes.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};

use sea_orm::DatabaseTransaction;

use crate::db::sealed::Connected;
use crate::{Db, Result};

/// A transaction. Dropping it takes everything back.
pub struct Tx {
    inner: DatabaseTransaction,
    db: Db,
    announced: AtomicBool,
}

impl Tx {
    pub(crate) fn new(inner: DatabaseTransaction, db: Db) -> Self {
        Self {
            inner,
            db,
            announced: AtomicBool::new(false),
        }
    }

    /// Makes it all true at once, and wakes the relay if there is something to publish.
    ///
    /// After `Unavailable` the outcome is unknown: the inbox or a checkpoint tells.
    pub async fn commit(self) -> Result<()> {
        self.inner.commit().await?;
        if self.announced.into_inner() {
            self.db.outbox_written().notify_one();
        }
        Ok(())
    }

    /// Takes everything back now, rather than on drop.
    pub async fn rollback(self) -> Result<()> {
        Ok(self.inner.rollback().await?)
    }

    pub(crate) fn inner(&self) -> &DatabaseTransaction {
        &self.inner
    }

    pub(crate) fn note_announcement(&self) {
        self.announced.store(true, Ordering::Relaxed);
    }
}

impl fmt::Debug for Tx {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tx").finish_non_exhaustive()
    }
}

impl Connected for Tx {
    type Connection = DatabaseTransaction;

    fn conn(&self) -> &DatabaseTransaction {
        &self.inner
    }
}
