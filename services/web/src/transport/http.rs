//! GraphQL over HTTP: POST for everything, GET for what changes nothing and for people. A request
//! is one operation; a batch is none. Whoever accepts events is answered in events.

use std::net::SocketAddr;
use std::sync::Arc;

use async_graphql::parser::types::OperationType;
use axum::body::Bytes;
use axum::extract::ws::WebSocketUpgrade;
use axum::extract::{ConnectInfo, FromRequest, FromRequestParts, Query, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::Response;
use contracts::Code;
use contracts::commands::Refused;
use futures::{StreamExt, stream};
use tokio::time::timeout;

use super::accept::{Accepted, MediaType};
use super::admission::Admitted;
use super::mailbox::Mailbox;
use super::request::{Parameters, QueryString};
use super::response::Answer;
use super::{Front, Shared, events, explorer, origins, socket};
use crate::identity::{Origin, Visitor};
use crate::trace::TraceId;

/// `POST /graphql`
pub(super) async fn post(
    State(front): Shared,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    request: Request,
) -> Response {
    let call = Call::of(front, request.headers(), peer);
    if !is_json(request.headers()) {
        let status = StatusCode::UNSUPPORTED_MEDIA_TYPE;
        return call.refuse(status, "content-type", "application/json in UTF-8");
    }
    match timeout(call.front.limits.time(), Bytes::from_request(request, &())).await {
        Ok(Ok(body)) => call.answer(&Method::POST, Parameters::read(&body)).await,
        Ok(Err(rejection)) => {
            let most = call.front.limits.body_bytes;
            call.refuse(rejection.status(), "body", &format!("at most {most} bytes"))
        }
        Err(_elapsed) => {
            let expected = format!("all of it within {} ms", call.front.limits.time_ms);
            let mut refusal = call.refuse(StatusCode::REQUEST_TIMEOUT, "body", &expected);
            let close = HeaderValue::from_static("close");
            refusal.headers_mut().insert(header::CONNECTION, close);
            refusal
        }
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
    let upgrades = asks_for_socket(&headers);
    let call = Call::of(front, &headers, peer);
    if upgrades && !call.front.origins.allow_socket(&headers) {
        return call.refuse(StatusCode::FORBIDDEN, "origin", "one that is allowed");
    }
    if upgrades && let Err(answer) = call.front.let_pass(&call.visitor, call.trace).await {
        return call.tell(answer);
    }
    if upgrades {
        let counted = match call.front.stands(&call.visitor, call.trace) {
            Ok(counted) => counted,
            Err(answer) => return call.tell(answer),
        };
        return match WebSocketUpgrade::from_request_parts(&mut parts, &call.front).await {
            Ok(upgrade) => socket::accept(upgrade, call.front, call.visitor.origin, counted),
            Err(_rejection) => {
                let status = StatusCode::BAD_REQUEST;
                call.refuse(status, "upgrade", "a WebSocket handshake of version 13")
            }
        };
    }
    let query = match Query::<QueryString>::try_from_uri(&parts.uri) {
        Ok(Query(query)) => query,
        Err(_malformed) => {
            return call.refuse(StatusCode::BAD_REQUEST, "query", "a query string");
        }
    };
    if query.asks_nothing() && call.accepted.html() && explorer::is_open(&call.front.gateway) {
        return explorer::page();
    }
    if origins::is_forged(&headers) {
        return call.refuse(StatusCode::FORBIDDEN, "origin", "a page that asks first");
    }
    call.answer(&Method::GET, query.try_into()).await
}

/// Whether a WebSocket is asked for. Clients offer other protocols beside a plain request, and are
/// answered as if they had not.
fn asks_for_socket(headers: &HeaderMap) -> bool {
    let offers = headers.get_all(header::UPGRADE).iter();
    let texts = offers.filter_map(|value| value.to_str().ok());
    texts
        .flat_map(|text| text.split(','))
        .any(|offer| offer.trim().eq_ignore_ascii_case("websocket"))
}

/// Whether the body is said to be JSON, which is always UTF-8. A browser asks first before it sends
/// that for a foreign page.
fn is_json(headers: &HeaderMap) -> bool {
    let mut values = headers.get_all(header::CONTENT_TYPE).iter();
    let text = values.next().and_then(|value| value.to_str().ok());
    let mut parts = text.unwrap_or_default().split(';').map(str::trim);
    let is_json = parts
        .next()
        .is_some_and(|media| media.eq_ignore_ascii_case("application/json"));
    let is_foreign = |part: &str| {
        part.split_once('=').is_some_and(|(name, charset)| {
            name.eq_ignore_ascii_case("charset")
                && !charset.trim_matches('"').eq_ignore_ascii_case("utf-8")
        })
    };
    is_json && !parts.any(is_foreign) && values.next().is_none()
}

/// A request by HTTP, apart from what it asks for.
struct Call {
    front: Front,
    accepted: Accepted,
    visitor: Visitor,
    trace: TraceId,
}

impl Call {
    fn of(front: Front, headers: &HeaderMap, peer: SocketAddr) -> Self {
        let authorization = headers
            .get(header::AUTHORIZATION)
            .map(|value| value.to_str().unwrap_or_default());
        let claim = front.gateway.claim(authorization);
        let origin = Origin::of(headers, peer, &front.gateway.proxies);
        Self {
            accepted: Accepted::of(headers),
            visitor: front.gateway.visitor(claim, origin),
            trace: TraceId::of(headers),
            front,
        }
    }

    /// Executes what is asked and answers in the words that the client accepts.
    async fn answer(self, method: &Method, parameters: Result<Parameters, Refused>) -> Response {
        let media = self.accepted.media();
        if media.is_none() && !self.accepted.events() {
            let types = "application/json, application/graphql-response+json or text/event-stream";
            return self.refuse(StatusCode::NOT_ACCEPTABLE, "accept", types);
        }
        let admitted = self.front.admit(parameters, &self.visitor, self.trace);
        let admitted = match admitted.await {
            Ok(admitted) => admitted,
            Err(answer) => return self.tell(answer),
        };
        let kind = admitted.operation.kind;
        // One that takes JSON too gets that, unless it subscribes.
        let in_events = self.accepted.events()
            && (media.is_none() || kind == Some(OperationType::Subscription));
        let may_be_got = match kind {
            None | Some(OperationType::Query) => true,
            Some(OperationType::Subscription) => in_events,
            Some(OperationType::Mutation) => false,
        };
        if method == Method::GET && !may_be_got {
            let status = StatusCode::METHOD_NOT_ALLOWED;
            let expected =
                "a query: mutations come by POST, subscriptions as events or on a socket";
            let mut refusal = self.refuse(status, "query", expected);
            let allow = HeaderValue::from_static("POST");
            refusal.headers_mut().insert(header::ALLOW, allow);
            return refusal;
        }
        if in_events {
            return self.answer_in_events(admitted).await;
        }
        let Self { front, visitor, .. } = self;
        let answer = front.execute(admitted, visitor, self.trace).await;
        answer.into_response(media.unwrap_or(MediaType::Json))
    }

    async fn answer_in_events(self, admitted: Admitted) -> Response {
        let counted = match self.front.stands(&self.visitor, self.trace) {
            Ok(counted) => counted,
            Err(answer) => return self.tell(answer),
        };
        let Self { front, visitor, .. } = self;
        let stay = front.gateway.stay(visitor.claim());
        let mailbox = Arc::<Mailbox>::default();
        let address = mailbox.open("".into());
        let alone = front.clone().said(admitted, visitor, self.trace, address);
        let said = mailbox.with(alone.await);
        events::respond(&front, stay, Some(counted), said)
    }

    /// Tells what came of a request that was not executed.
    fn tell(&self, answer: Answer) -> Response {
        match self.accepted.media() {
            // Whoever takes nothing else hears of the faults of a document in events, too.
            None if self.accepted.events() && answer.is_of_a_document() => {
                let said = stream::once(async { answer.into() }).boxed();
                events::respond(&self.front, None, None, said)
            }
            media => answer.into_response(media.unwrap_or(MediaType::Json)),
        }
    }

    /// Says what was expected of a request that is none.
    fn refuse(&self, status: StatusCode, what: &str, expected: &str) -> Response {
        let message = format!("{what}: expected {expected}");
        let refusal = Refused::of_field(Code::BadUserInput, what, message);
        self.tell(Answer::refused(refusal.into(), status, self.trace))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_is_json_in_utf_8() {
        for (texts, expected) in [
            (&["application/json"][..], true),
            (&["Application/JSON; charset=UTF-8"], true),
            (&["application/json;charset=\"utf-8\""], true),
            (&["application/json; charset=iso-8859-1"], false),
            (&["application/jsonp"], false),
            (&["text/plain"], false),
            (&["multipart/form-data; boundary=x"], false),
            (&["application/x-www-form-urlencoded"], false),
            (&["application/json", "text/plain"], false),
            (&[""], false),
            (&[], false),
        ] {
            let values = texts
                .iter()
                .map(|text| (header::CONTENT_TYPE, HeaderValue::from_static(text)));
            assert_eq!(is_json(&values.collect()), expected, "{texts:?}");
        }
    }
}
