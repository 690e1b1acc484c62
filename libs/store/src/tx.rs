//! A transaction: the only thing that writes.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::{Mutex, PoisonError};

use sea_orm::DatabaseTransaction;

use crate::db::sealed::Connected;
use crate::{Db, Result};

/// A transaction. Dropping it takes everything back.
pub struct Tx {
    inner: DatabaseTransaction,
    db: Db,
    /// The buckets of the outbox that it writes to.
    announced: Mutex<BTreeSet<i16>>,
}

impl Tx {
    pub(crate) fn new(inner: DatabaseTransaction, db: Db) -> Self {
        Self {
            inner,
            db,
            announced: Mutex::default(),
        }
    }

    /// Makes it all true at once, and wakes the relay if there is something to publish.
    ///
    /// After `Unavailable` the outcome is unknown: the inbox or a checkpoint tells.
    pub async fn commit(self) -> Result<()> {
        self.inner.commit().await?;
        let announced = self.announced.into_inner();
        self.db
            .outbox_written()
            .note(announced.unwrap_or_else(PoisonError::into_inner));
        Ok(())
    }

    /// Takes everything back now, rather than on drop.
    pub async fn rollback(self) -> Result<()> {
        Ok(self.inner.rollback().await?)
    }

    pub(crate) fn inner(&self) -> &DatabaseTransaction {
        &self.inner
    }

    pub(crate) fn note_announcements(&self, buckets: impl IntoIterator<Item = i16>) {
        let announced = self.announced.lock();
        announced
            .unwrap_or_else(PoisonError::into_inner)
            .extend(buckets);
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
