//! From a GraphQL response to bytes: every error leaves with a code and a trace, every cause of an
//! internal one is logged here, once.

use async_graphql::{ServerError, Value};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use contracts::Code;
use contracts::commands::Refused;
use serde::Serialize;

use crate::error::{ApiError, Cause};
use crate::trace::TraceId;

/// What a client is told.
#[derive(Debug, Serialize)]
pub(super) struct Answer {
    /// Left out where nothing was executed.
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<Value>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<ServerError>,
    #[serde(skip)]
    status: StatusCode,
}

/// In which words a client wants it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum MediaType {
    /// `application/json`: well-formed requests are answered with 200, whatever became of them.
    Json,
    /// `application/graphql-response+json`: the status says whether anything was executed.
    GraphqlResponse,
}

const GRAPHQL_RESPONSE: &str = "application/graphql-response+json";

impl MediaType {
    /// What the client says that it accepts.
    pub(super) fn accepted(headers: &HeaderMap) -> Self {
        if accepts(headers, GRAPHQL_RESPONSE) {
            Self::GraphqlResponse
        } else {
            Self::Json
        }
    }

    const fn text(self) -> &'static str {
        match self {
            Self::Json => "application/json; charset=utf-8",
            Self::GraphqlResponse => "application/graphql-response+json; charset=utf-8",
        }
    }
}

/// Whether the client says that it accepts a media type with `part` in its name.
pub(super) fn accepts(headers: &HeaderMap, part: &str) -> bool {
    headers
        .get_all(header::ACCEPT)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .any(|accept| accept.contains(part))
}

impl Answer {
    /// The answer to a request that is none.
    pub(super) fn malformed(refusal: Refused, trace: TraceId) -> Self {
        Self::refused(refusal.into(), StatusCode::BAD_REQUEST, trace)
    }

    /// The answer to a request that could not be met.
    pub(super) fn refused(error: ApiError, status: StatusCode, trace: TraceId) -> Self {
        let error = async_graphql::Error::from(error);
        Self {
            data: None,
            errors: vec![finish(error.into_server_error(Default::default()), trace)],
            status,
        }
    }

    /// The answer to a request that was executed, or refused before.
    pub(super) fn executed(response: async_graphql::Response, trace: TraceId) -> Self {
        let was_executed = !matches!(response.data, Value::Null)
            || response.errors.iter().any(|error| !error.path.is_empty());
        Self {
            data: was_executed.then_some(response.data),
            errors: response
                .errors
                .into_iter()
                .map(|error| finish(error, trace))
                .collect(),
            status: StatusCode::OK,
        }
    }

    /// The errors alone, if nothing was executed.
    pub(super) fn refusal(&self) -> Option<&[ServerError]> {
        self.data.is_none().then_some(&self.errors)
    }

    /// As JSON on one line.
    pub(super) fn text(&self) -> String {
        // Plain data: it can be written.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// As an HTTP response.
    pub(super) fn into_response(self, media: MediaType) -> Response {
        let status = match media {
            MediaType::GraphqlResponse if self.data.is_none() => StatusCode::BAD_REQUEST,
            MediaType::GraphqlResponse | MediaType::Json => self.status,
        };
        let content_type = HeaderValue::from_static(media.text());
        let headers = [(header::CONTENT_TYPE, content_type)];
        (status, headers, self.text()).into_response()
    }
}

/// Gives an error its code and trace, and logs its cause if only we may see it.
fn finish(mut error: ServerError, trace: TraceId) -> ServerError {
    if let Some(cause) = error.source::<Cause>() {
        tracing::error!(%trace, cause = cause.line(), "a request failed");
    }
    let named = error
        .extensions
        .as_ref()
        .is_some_and(|extensions| extensions.get("code").is_some());
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
