//! Why the arena cannot go on.

use bus::BusError;
use contracts::shard::Shard;
use domain::engine::RestoreError;

/// Why the arena cannot go on.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// A shard with running battles has a checkpoint that its streams do not hold any more.
    #[error("shard {shard} cannot go on from its checkpoint")]
    Checkpoint {
        /// Which.
        shard: Shard,
        /// What is wrong with it.
        source: BusError,
    },
    /// Rows that contradict each other.
    #[error("the rows of the battles cannot be restored")]
    Rows(#[from] RestoreError),
    /// Postgres.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// NATS.
    #[error(transparent)]
    Bus(#[from] BusError),
}

impl Error {
    /// Whether it may pass by itself; the others need a person.
    pub(crate) const fn may_pass(&self) -> bool {
        match self {
            Self::Store(error) => {
                matches!(
                    error,
                    store::Error::Unavailable(_) | store::Error::Conflict(_)
                )
            }
            Self::Bus(error) => error.may_pass(),
            Self::Checkpoint { .. } | Self::Rows(_) => false,
        }
    }
}
