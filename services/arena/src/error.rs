//! Why the arena, or one of its shards, cannot go on.

use std::sync::Arc;

use bus::BusError;
use domain::engine::RestoreError;

/// Why the arena, or one of its shards, cannot go on.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// A shard with running battles has a checkpoint that its streams do not hold any more.
    #[error("it cannot go on from its checkpoint")]
    Checkpoint(#[source] Arc<BusError>),
    /// Rows that contradict each other.
    #[error("its rows cannot be restored")]
    Rows(#[from] RestoreError),
    /// What keeps several shards from going on.
    #[error(transparent)]
    Together(Arc<Self>),
    /// Postgres.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// NATS.
    #[error(transparent)]
    Bus(#[from] BusError),
}

impl Error {
    /// Whether it may pass by itself; the others need a person.
    pub(crate) fn may_pass(&self) -> bool {
        match self {
            Self::Store(error) => may_pass(error),
            Self::Bus(error) => error.may_pass(),
            Self::Together(error) => error.may_pass(),
            Self::Checkpoint(_) | Self::Rows(_) => false,
        }
    }

    /// What a person can do about it.
    pub(crate) fn remedy(&self) -> &'static str {
        match self {
            Self::Checkpoint(_) => {
                "bring the stream back; if it was created anew and holds what it held, run battlesbit remap"
            }
            Self::Rows(_) | Self::Store(_) => "mend the rows that the cause names",
            Self::Together(error) => error.remedy(),
            Self::Bus(_) => "see what the cause says of the stream",
        }
    }
}

/// Whether an error of the database may pass by itself.
pub(crate) const fn may_pass(error: &store::Error) -> bool {
    match error {
        store::Error::Unavailable(_) | store::Error::Conflict(_) => true,
        store::Error::Corrupt { .. }
        | store::Error::OutOfRange { .. }
        | store::Error::Refused(_) => false,
    }
}
