//! GraphQL over HTTP: POST for everything, GET for what changes nothing and for people. Whoever
//! accepts events is answered in events.

use std::net::SocketAddr;

use async_graphql::Request;
use async_graphql::parser::types::OperationType;
use axum::body::Bytes;
use axum::extract::ws::WebSocketUpgrade;
use axum::extract::{ConnectInfo, FromRequestParts, Query, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use contracts::Code;
use contracts::commands::Refused;

use super::request::{Parameters, QueryString, operation_type};
use super::response::{Answer, MediaType};
use super::{Front, Shared, events, explorer, socket};
use crate::identity::{Origin, Visitor};
use crate::trace::TraceId;

/// `POST /graphql`
pub(super) async fn post(
    State(front): Shared,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let trace = TraceId::of(&headers);
    if !is_json(&headers) {
        return (
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "expected content-type: application/json\n",
        )
            .into_response();
    }
    match Parameters::read(&body).and_then(Parameters::into_request) {
        Ok(request) => front.respond(request, &headers, peer, trace).await,
        Err(refusal) => malformed(refusal, &headers, trace),
    }
}

/// `GET /graphql`: a WebSocket, a query, a subscription told in events, or the explorer for whoever
/// reads HTML.
pub(super) async fn get(
    State(front): Shared,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    mut parts: Parts,
) -> Response {
    let headers = parts.headers.clone();
    if headers.contains_key(header::UPGRADE) {
        return match WebSocketUpgrade::from_request_parts(&mut parts, &front).await {
            Ok(upgrade) => socket::accept(upgrade, front, Origin::of(&headers, peer)),
            Err(refusal) => refusal.into_response(),
        };
    }
    let has_query = parts
        .uri
        .query()
        .is_some_and(|query| query.contains("query="));
    if !has_query && explorer::is_wanted(&headers) {
        return explorer::page();
    }
    let trace = TraceId::of(&headers);
    let mut request = match read_query(&parts) {
        Ok(request) => request,
        Err(refusal) => return malformed(refusal, &headers, trace),
    };
    let may_be_got = match operation_type(&mut request) {
        None | Some(OperationType::Query) => true,
        Some(OperationType::Subscription) => events::are_wanted(&headers, &mut request),
        Some(OperationType::Mutation) => false,
    };
    if !may_be_got {
        let allow = [(header::ALLOW, "POST")];
        let text = "expected a query: send mutations by POST\n";
        return (StatusCode::METHOD_NOT_ALLOWED, allow, text).into_response();
    }
    front.respond(request, &headers, peer, trace).await
}

fn read_query(parts: &Parts) -> Result<Request, Refused> {
    let Query(query) = Query::<QueryString>::try_from_uri(&parts.uri).map_err(|_malformed| {
        Refused::of_field(
            Code::BadUserInput,
            "query",
            "expected a query string with a query",
        )
    })?;
    Parameters::try_from(query)?.into_request()
}

fn is_json(headers: &HeaderMap) -> bool {
    let text = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    let media = text
        .unwrap_or_default()
        .split(';')
        .next()
        .unwrap_or_default();
    media.trim().eq_ignore_ascii_case("application/json")
}

fn malformed(refusal: Refused, headers: &HeaderMap, trace: TraceId) -> Response {
    Answer::malformed(refusal, trace).into_response(MediaType::accepted(headers))
}

impl Front {
    /// Executes the request and answers in the words that the client accepts.
    async fn respond(
        self,
        mut request: Request,
        headers: &HeaderMap,
        peer: SocketAddr,
        trace: TraceId,
    ) -> Response {
        let visitor = self.visitor(headers, peer);
        if events::are_wanted(headers, &mut request) {
            return events::respond(self, request, visitor, trace);
        }
        let answer = self.execute(request, visitor, trace).await;
        answer.into_response(MediaType::accepted(headers))
    }

    pub(super) fn visitor(&self, headers: &HeaderMap, peer: SocketAddr) -> Visitor {
        let authorization = headers
            .get(header::AUTHORIZATION)
            .map(|value| value.to_str().unwrap_or_default());
        self.gateway
            .visitor(self.gateway.claim(authorization), Origin::of(headers, peer))
    }
}
