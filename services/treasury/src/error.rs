//! How the treasury's own work fails.

use std::time::Duration;

use bus::Failure;
use chain::NodeError;
use domain::money::Currency;
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
    /// The chain's node.
    #[error(transparent)]
    Node(#[from] NodeError),
    /// The chain could not be compared with the ledger.
    #[error(transparent)]
    Reconciliation(#[from] reconciliation::Error),
    /// A transfer that cannot be signed.
    #[error(transparent)]
    Sign(#[from] chain::SignError),
    /// A currency that should live on the chain.
    #[error("{0} does not live on the chain")]
    NotOnChain(Currency),
    /// A number of the chain's that is none of ours.
    #[error("expected {0} that fits into our own")]
    TooLarge(&'static str),
    /// The node is of another chain than the one on which our accounts lie.
    #[error("chain.url is of another chain than the one that this database has known")]
    OtherChain,
    /// The node lacks what it knew before, or what another one knows.
    #[error("the node's history does not reach back to what was seen before")]
    Incomplete,
}

impl Error {
    /// How long the node is left alone; none if it is not busy.
    pub(crate) fn wait(&self) -> Option<Duration> {
        if let Self::Node(NodeError::Busy { wait })
        | Self::Reconciliation(reconciliation::Error::Node(NodeError::Busy { wait })) = self
        {
            Some(*wait)
        } else {
            None
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        match error {
            Error::Store(cause) => cause.into(),
            Error::Ledger(cause) => Self::poison(cause),
            other @ (Error::Node(_)
            | Error::Reconciliation(_)
            | Error::Sign(_)
            | Error::NotOnChain(_)
            | Error::TooLarge(_)
            | Error::OtherChain
            | Error::Incomplete) => Self::poison(other),
        }
    }
}
