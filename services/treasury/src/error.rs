//! How the treasury's own work fails.

use bus::Failure;
use store::ledger::Refusal;

/// How the treasury's own work fails.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// The database.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// The ledger does not move what it should.
    #[error("the ledger refuses")]
    Ledger(#[from] Refusal),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        match error {
            Error::Store(cause) => cause.into(),
            Error::Ledger(cause) => Self::poison(cause),
        }
    }
}
