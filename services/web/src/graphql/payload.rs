//! Refusals as data: what a mutation's payload says instead of failing.

use async_graphql::SimpleObject;
use contracts::Code;
use contracts::commands::Refused;

use crate::error::{ApiError, ApiResult};

/// Why something was not done, as a client can act on it.
#[derive(Clone, Debug, PartialEq, Eq, SimpleObject)]
pub(crate) struct UserError {
    /// The stable code; graphql/errors.md lists them.
    code: &'static str,
    /// What it means, readable by a player.
    message: String,
    /// The argument or field that is at fault, outermost first; empty when none is.
    path: Vec<String>,
}

impl From<Refused> for UserError {
    fn from(refused: Refused) -> Self {
        Self {
            code: refused.code.text(),
            message: refused.message,
            path: refused.path,
        }
    }
}

/// Splits what a payload says into its value and its refusals. Faults of the request, of
/// permission and of ours stay errors.
pub(crate) fn told<T>(outcome: ApiResult<T>) -> ApiResult<(Option<T>, Vec<UserError>)> {
    match outcome {
        Ok(value) => Ok((Some(value), Vec::new())),
        Err(ApiError::Refused(refused)) if is_expected(refused.code) => {
            Ok((None, vec![refused.into()]))
        }
        Err(error) => Err(error),
    }
}

fn is_expected(code: Code) -> bool {
    let unexpected = [
        Code::BadUserInput,
        Code::Unauthenticated,
        Code::Forbidden,
        Code::RateLimited,
        Code::ServiceUnavailable,
        Code::OutcomeUnknown,
        Code::InternalServerError,
    ];
    !unexpected.contains(&code)
}
