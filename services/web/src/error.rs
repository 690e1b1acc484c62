//! How a resolver fails, and what of it a client may see.

use std::error::Error as StdError;
use std::sync::Arc;
use std::time::Duration;

use async_graphql::{ErrorExtensionValues, ScalarType};
use contracts::Code;
use contracts::commands::Refused;
use store::ban::Ban;

use crate::graphql::DateTime;

/// A failure on its way out of a resolver.
///
/// Deliberately not [`std::fmt::Display`]: async-graphql turns anything displayable into a client
/// message, and this type exists so that only a [`Refused`] is ever shown. The cause of an
/// internal failure is logged once, at the boundary.
#[derive(Clone, Debug)]
pub(crate) enum ApiError {
    /// Nothing was done, and the client may know why.
    Refused(Refused),
    /// Nothing was done; the same may be tried after this time.
    RateLimited(Duration),
    /// Whoever asks is kept out, and may know why.
    Banned(Ban),
    /// Something failed on our side.
    Internal(Arc<dyn StdError + Send + Sync>),
}

/// How long the owner of something counts before it starts anew: the arena allows so many commands
/// in one whole second.
const OWNERS_WINDOW: Duration = Duration::from_secs(1);

/// The extension of an error that says how many seconds to wait before the same may be tried.
pub(crate) const RETRY_AFTER: &str = "retryAfterSeconds";

/// What resolvers answer with.
pub(crate) type ApiResult<T> = Result<T, ApiError>;

impl ApiError {
    /// A refusal in the code's own words.
    pub(crate) fn of(code: Code) -> Self {
        Self::Refused(Refused::new(code))
    }

    /// An argument that cannot be meant.
    pub(crate) fn bad_input(argument: &str, expected: &str) -> Self {
        Self::Refused(Refused::of_field(
            Code::BadUserInput,
            argument,
            format!("{argument}: expected {expected}"),
        ))
    }

    /// A failure whose cause only we may see.
    pub(crate) fn internal(cause: impl StdError + Send + Sync + 'static) -> Self {
        Self::Internal(Arc::new(cause))
    }

    /// The stable code that the client sees.
    pub(crate) fn code(&self) -> Code {
        match self {
            Self::Refused(refused) => refused.code,
            Self::RateLimited(_) => Code::RateLimited,
            Self::Banned(_) => Code::AccountBanned,
            Self::Internal(_) => Code::InternalServerError,
        }
    }
}

impl From<Refused> for ApiError {
    fn from(refused: Refused) -> Self {
        if refused.code == Code::RateLimited {
            Self::RateLimited(OWNERS_WINDOW)
        } else {
            Self::Refused(refused)
        }
    }
}

impl From<store::Error> for ApiError {
    fn from(cause: store::Error) -> Self {
        Self::internal(cause)
    }
}

impl From<bus::BusError> for ApiError {
    fn from(cause: bus::BusError) -> Self {
        Self::internal(cause)
    }
}

impl From<cache::CacheError> for ApiError {
    fn from(cause: cache::CacheError) -> Self {
        Self::internal(cause)
    }
}

impl From<ApiError> for async_graphql::Error {
    fn from(error: ApiError) -> Self {
        let mut extensions = ErrorExtensionValues::default();
        extensions.set("code", error.code().text());
        let (message, source) = match error {
            ApiError::Refused(refused) => {
                if !refused.path.is_empty() {
                    extensions.set("path", refused.path);
                }
                (refused.message, None)
            }
            ApiError::RateLimited(wait) => {
                extensions.set(RETRY_AFTER, whole_seconds(wait));
                (Code::RateLimited.meaning().to_owned(), None)
            }
            ApiError::Banned(ban) => {
                let end = ban.expires_at.map(|end| DateTime::from(end).to_value());
                extensions.set("reason", ban.reason);
                extensions.set("expiresAt", end.unwrap_or_default());
                (Code::AccountBanned.meaning().to_owned(), None)
            }
            ApiError::Internal(cause) => {
                let message = Code::InternalServerError.meaning().to_owned();
                (message, Some(Arc::new(Cause(cause)) as Arc<_>))
            }
        };
        Self {
            message,
            source,
            extensions: Some(extensions),
        }
    }
}

/// Rounded up, so that a client that waits this long has waited long enough.
fn whole_seconds(wait: Duration) -> u64 {
    let whole = wait.as_secs();
    let begun = u64::from(wait > Duration::from_secs(whole));
    whole.saturating_add(begun).max(1)
}

/// What failed, on its way to the log.
pub(crate) struct Cause(pub(crate) Arc<dyn StdError + Send + Sync>);

impl Cause {
    /// The error and its sources in one line.
    pub(crate) fn line(&self) -> String {
        let mut line = self.0.to_string();
        let mut source = self.0.source();
        while let Some(cause) = source {
            line.push_str(": ");
            line.push_str(&cause.to_string());
            source = cause.source();
        }
        line
    }
}
