//! From a GraphQL response to bytes: every error leaves with a code and a trace, every cause of an
//! internal one is logged here, once.

use std::sync::Arc;

use async_graphql::{ServerError, Value};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use contracts::Code;
use contracts::commands::Refused;
use serde::Serialize;

use super::accept::MediaType;
use crate::error::{ApiError, Cause, RETRY_AFTER};
use crate::trace::TraceId;

/// What comes of a request.
#[derive(Debug)]
pub(super) struct Answer {
    content: Content,
    status: StatusCode,
}

#[derive(Debug)]
enum Content {
    /// In JSON already: it was written as it was executed, and nothing failed.
    Written(String),
    Told(Outcome),
}

#[derive(Debug, Serialize)]
struct Outcome {
    /// Left out where nothing was executed.
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<Value>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<ServerError>,
}

/// What an operation says, as it travels; many may be told the same.
#[derive(Clone, Debug)]
pub(super) struct Said {
    /// The answer in JSON.
    text: Arc<str>,
    /// The errors alone in JSON, where nothing was executed.
    refusal: Option<Arc<str>>,
    failed: bool,
}

impl Said {
    /// The answer in JSON, on one line.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// The errors alone in JSON, if nothing was executed.
    pub(super) fn refusal(&self) -> Option<&str> {
        self.refusal.as_deref()
    }

    /// Whether there are errors in it.
    pub(super) fn failed(&self) -> bool {
        self.failed
    }
}

impl From<Answer> for Said {
    fn from(answer: Answer) -> Self {
        Self {
            refusal: answer.is_refusal().then(|| text(answer.errors()).into()),
            failed: !answer.errors().is_empty(),
            text: answer.content.into_text().into(),
        }
    }
}

impl Content {
    /// As JSON on one line.
    fn into_text(self) -> String {
        match self {
            Self::Written(written) => written,
            Self::Told(outcome) => text(&outcome),
        }
    }
}

/// As JSON on one line.
fn text(plain: &(impl Serialize + ?Sized)) -> String {
    // Plain data: it can be written.
    serde_json::to_string(plain).unwrap_or_default()
}

impl Answer {
    /// The answer to a request that is none.
    pub(super) fn malformed(refusal: Refused, trace: TraceId) -> Self {
        Self::refused(refusal.into(), StatusCode::BAD_REQUEST, trace)
    }

    /// The answer to a request that could not be met.
    pub(super) fn refused(error: ApiError, status: StatusCode, trace: TraceId) -> Self {
        let mut error = async_graphql::Error::from(error).into_server_error(Default::default());
        // There is no document yet to point into, and lines count from 1.
        error.locations.clear();
        let outcome = Outcome {
            data: None,
            errors: vec![finish(error, trace)],
        };
        Self {
            content: Content::Told(outcome),
            status,
        }
    }

    /// The answer to a request that was executed, or refused before.
    pub(super) fn executed(response: async_graphql::Response, trace: TraceId) -> Self {
        let was_executed = !matches!(response.data, Value::Null)
            || response.errors.iter().any(|error| !error.path.is_empty());
        let errors = response.errors.into_iter();
        let outcome = Outcome {
            data: was_executed.then_some(response.data),
            errors: errors.map(|error| finish(error, trace)).collect(),
        };
        Self {
            content: Content::Told(outcome),
            status: StatusCode::OK,
        }
    }

    /// The answer that a plan has written.
    pub(super) fn written(text: String) -> Self {
        Self {
            content: Content::Written(text),
            status: StatusCode::OK,
        }
    }

    /// Whether nothing was executed.
    fn is_refusal(&self) -> bool {
        matches!(&self.content, Content::Told(outcome) if outcome.data.is_none())
    }

    fn errors(&self) -> &[ServerError] {
        match &self.content {
            Content::Written(_) => &[],
            Content::Told(outcome) => &outcome.errors,
        }
    }

    /// Whether it finds fault with the document of a request that is one.
    pub(super) fn is_of_a_document(&self) -> bool {
        self.is_refusal() && self.status == StatusCode::OK
    }

    /// As an HTTP response. It is for whoever asked, and for no cache.
    pub(super) fn into_response(self, media: MediaType) -> Response {
        let status = match media {
            MediaType::GraphqlResponse if self.is_of_a_document() => StatusCode::BAD_REQUEST,
            MediaType::GraphqlResponse | MediaType::Json => self.status,
        };
        let headers = [
            (header::CONTENT_TYPE, media.text()),
            (header::CACHE_CONTROL, "no-store"),
            (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        ];
        let retry_after = self.retry_after();
        let mut response = (status, headers, self.content.into_text()).into_response();
        if let Some(seconds) = retry_after {
            let headers = response.headers_mut();
            headers.insert(header::RETRY_AFTER, seconds.into());
        }
        response
    }

    /// How long a client is to wait that was told to, in seconds.
    fn retry_after(&self) -> Option<u64> {
        let waits = self.errors().iter().filter_map(|error| {
            let wait = error.extensions.as_ref()?.get(RETRY_AFTER)?;
            let Value::Number(seconds) = wait else {
                return None;
            };
            seconds.as_u64()
        });
        waits.max()
    }
}

/// What is told where somebody did not answer in time.
const UNANSWERED: [Code; 2] = [Code::ServiceUnavailable, Code::OutcomeUnknown];

fn is(value: &Value, code: Code) -> bool {
    matches!(value, Value::String(text) if text == code.text())
}

/// Gives an error its code and trace, and logs it if it is a matter of ours: with its cause, where only
/// we may see that.
fn finish(mut error: ServerError, trace: TraceId) -> ServerError {
    let extensions = error.extensions.as_ref();
    let code = extensions.and_then(|extensions| extensions.get("code"));
    if let Some(cause) = error.source::<Cause>() {
        tracing::error!(%trace, cause = cause.line(), "a request failed");
    } else if let Some(code) = UNANSWERED
        .iter()
        .find(|it| code.is_some_and(|code| is(code, **it)))
    {
        tracing::warn!(%trace, %code, path = ?error.path, "a request has no outcome");
    }
    let named = code.is_some();
    let extensions = error.extensions.get_or_insert_default();
    if !named {
        // Ours all have a code: what has none comes from async-graphql itself, which found fault
        // with an argument's value where it names a field, and with the document where not.
        let code = if error.path.is_empty() {
            Code::GraphqlValidationFailed
        } else {
            Code::BadUserInput
        };
        extensions.set("code", code.text());
    }
    extensions.set("traceId", trace.to_string());
    error
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::io::{Error, Read, Seek};

    use super::*;

    /// What a client is told of an error, and what we log.
    fn told(error: ApiError, trace: TraceId) -> (String, String) {
        let log = tempfile::tempfile().unwrap();
        let writer = Arc::new(log.try_clone().unwrap());
        let subscriber = tracing_subscriber::fmt().with_writer(writer).finish();
        let error = async_graphql::Error::from(error).into_server_error(Default::default());
        let response = async_graphql::Response::from_errors(vec![error]);
        let said: Said = tracing::subscriber::with_default(subscriber, || {
            Answer::executed(response, trace).into()
        });
        (said.text().to_owned(), read(log))
    }

    fn read(mut file: File) -> String {
        let mut text = String::new();
        file.rewind().unwrap();
        file.read_to_string(&mut text).unwrap();
        text
    }

    #[test]
    fn what_fails_on_our_side_is_logged_under_the_trace_that_the_client_is_told() {
        let trace = TraceId::begin();
        let (told, logged) = told(ApiError::internal(Error::other("a secret")), trace);
        assert!(told.contains(Code::InternalServerError.text()), "{told}");
        assert!(!told.contains("secret"), "{told}");
        for text in [&told, &logged] {
            assert!(text.contains(&trace.to_string()), "{text}");
        }
        assert!(logged.contains("a secret"), "{logged}");
        assert_eq!(logged.lines().count(), 1, "{logged}");
    }

    #[test]
    fn what_somebody_did_not_answer_is_logged_under_its_trace_and_what_is_refused_is_not() {
        let trace = TraceId::begin();
        for code in UNANSWERED {
            let (_, logged) = told(ApiError::of(code), trace);
            for text in [code.text(), &trace.to_string()] {
                assert!(logged.contains(text), "{logged}");
            }
        }
        assert_eq!(told(ApiError::of(Code::NotFound), trace).1, "");
    }
}
