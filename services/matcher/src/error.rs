//! How the matcher's own work fails.

use bus::{BusError, Failure};
use store::ledger::Refusal;

use crate::payout::Contradiction;

/// How the matcher's own work fails.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// The database.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// The bus.
    #[error(transparent)]
    Bus(#[from] BusError),
    /// The ledger does not move what it should; somebody may have been faster.
    #[error("the ledger refuses")]
    Ledger(#[from] Refusal),
    /// A sealed result does not fit its battle.
    #[error("the sealed result contradicts the battle")]
    Result(#[from] Contradiction),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        match error {
            Error::Store(cause) => cause.into(),
            Error::Bus(cause) => cause.into(),
            Error::Ledger(cause) => Self::retry(cause),
            Error::Result(cause) => Self::poison(cause),
        }
    }
}
