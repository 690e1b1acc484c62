//! How talking to NATS fails.

use std::error::Error;
use std::ops::Range;

use async_nats::jetstream::ErrorCode;
use async_nats::jetstream::stream::{ConsumerError, ConsumerErrorKind};
use domain::market::Incarnation;

/// A cause of another crate's making.
pub(crate) type Cause = Box<dyn Error + Send + Sync>;

/// The states in which the server says that the request itself is wrong.
const REFUSALS: Range<usize> = 400..500;

/// How talking to NATS fails.
#[derive(Debug, thiserror::Error)]
pub enum BusError {
    /// No server answers, or it turned us away.
    #[error("cannot connect to nats at {servers}")]
    Connect {
        /// Host and port, without credentials.
        servers: String,
        /// What the client says.
        source: Cause,
    },
    /// The server is too old for what the streams need.
    #[error("expected a nats server from {needed} on, found {found}")]
    OldServer {
        /// The oldest that will do.
        needed: &'static str,
        /// The one that answered.
        found: String,
    },
    /// A stream has not been declared.
    #[error("stream {stream} does not exist: run the migrations")]
    StreamMissing {
        /// Its name on the server.
        stream: String,
    },
    /// A stream was declared otherwise.
    #[error("stream {stream} has {field} {found}, expected {expected}: run the migrations")]
    StreamDiffers {
        /// Its name on the server.
        stream: String,
        /// The field that differs.
        field: &'static str,
        /// What the contract and the settings say.
        expected: String,
        /// What the server says.
        found: String,
    },
    /// The server refuses a consumer, and would do so again.
    #[error("nats refused: {doing} failed")]
    Refused {
        /// What was tried.
        doing: &'static str,
        /// What the server says.
        source: Cause,
    },
    /// Somebody else published on the subject since the expected sequence.
    #[error("the subject's last sequence is not the expected one")]
    WrongLastSequence,
    /// No stream answers for the subject: nothing was stored.
    #[error("no stream answers for the subject")]
    NoStream,
    /// A reader's checkpoint belongs to a stream that is no more.
    #[error(
        "stream {stream} was created anew: the checkpoint is of incarnation {}, the \
         stream is {}",
        checkpoint.0,
        found.0
    )]
    OtherIncarnation {
        /// Its name on the server.
        stream: String,
        /// Whose checkpoint it is.
        checkpoint: Incarnation,
        /// What is there.
        found: Incarnation,
    },
    /// A reader's checkpoint lies before the first or beyond the last message.
    #[error(
        "the checkpoint {sequence} lies outside stream {stream}, which holds {first} to {last}"
    )]
    OutsideStream {
        /// Its name on the server.
        stream: String,
        /// The last sequence that was applied.
        sequence: u64,
        /// The stream's first sequence.
        first: u64,
        /// The stream's last sequence.
        last: u64,
    },
    /// A payload is not what its topic says.
    #[error("cannot read or write a message on {subject}")]
    Malformed {
        /// The subject, without prefix.
        subject: String,
        /// What the decoder says.
        source: serde_json::Error,
    },
    /// NATS does not answer, or refused for a reason that may pass.
    #[error("nats: {doing} failed")]
    Unavailable {
        /// What was tried.
        doing: &'static str,
        /// What the client says.
        source: Cause,
    },
}

impl BusError {
    /// `doing` failed because of `cause`.
    pub(crate) fn unavailable(doing: &'static str, cause: impl Into<Cause>) -> Self {
        Self::Unavailable {
            doing,
            source: cause.into(),
        }
    }

    /// `doing` failed because of what the server says about a consumer of `stream`, by its name on
    /// the server.
    pub(crate) fn of_consumer(doing: &'static str, stream: String, cause: ConsumerError) -> Self {
        match cause.kind() {
            ConsumerErrorKind::JetStream(answer) => {
                let (code, status) = (answer.error_code(), answer.code());
                if code == ErrorCode::STREAM_NOT_FOUND {
                    Self::StreamMissing { stream }
                } else if code == ErrorCode::CONSUMER_CREATE || REFUSALS.contains(&status) {
                    let source = cause.into();
                    Self::Refused { doing, source }
                } else {
                    Self::unavailable(doing, cause)
                }
            }
            ConsumerErrorKind::InvalidConsumerType | ConsumerErrorKind::InvalidName => {
                let source = cause.into();
                Self::Refused { doing, source }
            }
            ConsumerErrorKind::TimedOut | ConsumerErrorKind::Request | ConsumerErrorKind::Other => {
                Self::unavailable(doing, cause)
            }
        }
    }

    /// Whether something behind the place that one was at may be gone from the stream.
    pub const fn tells_of_a_gap(&self) -> bool {
        matches!(
            self,
            Self::OtherIncarnation { .. } | Self::OutsideStream { .. }
        )
    }

    /// Whether it may pass by itself; the others need a person.
    pub const fn may_pass(&self) -> bool {
        matches!(
            self,
            Self::Unavailable { .. } | Self::NoStream | Self::Connect { .. }
        )
    }
}
