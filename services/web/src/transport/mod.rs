//! How clients reach the schema: HTTP, server-sent events, WebSocket, and a page for people.

mod download;
mod events;
mod execution;
mod explorer;
mod http;
mod request;
mod response;
mod socket;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderName, HeaderValue, Method, Uri, header};
use axum::routing::get;
use runtime::Context;
use tower_http::cors::{AllowOrigin, CorsLayer};

use crate::gateway::Gateway;
use crate::graphql::ApiSchema;
use crate::settings::{Cors, Limits};

/// How long a browser may remember what another origin is allowed.
const CORS_MAX_AGE: Duration = Duration::from_secs(60 * 60);

/// How often a client that stays hears that we are there.
const PING_EVERY: Duration = Duration::from_secs(20);

/// A client that has not taken a message by then is sent away.
const SEND_WITHIN: Duration = Duration::from_secs(10);

/// Not the origin of a page.
#[derive(Debug, thiserror::Error)]
#[error("cors.origins: expected \"*\" or an origin such as https://app.example.com, found {0:?}")]
pub(crate) struct NotAnOrigin(String);

/// What every handler needs.
#[derive(Clone)]
struct Front {
    schema: ApiSchema,
    gateway: Arc<Gateway>,
    limits: Limits,
    context: Context,
}

/// Everything that the gateway serves beside health and metrics.
pub(crate) fn routes(
    schema: ApiSchema,
    gateway: Arc<Gateway>,
    limits: Limits,
    cors: CorsLayer,
    context: Context,
) -> Router {
    let front = Front {
        schema,
        gateway,
        limits,
        context,
    };
    let graphql = get(http::get).post(http::post);
    Router::new()
        .route("/graphql", graphql.clone())
        .route("/graphql/query", graphql)
        .route("/graphql/assets/{name}", get(explorer::asset))
        .route("/records/{battle}", get(download::record))
        .layer(DefaultBodyLimit::max(front.limits.body_bytes))
        .layer(cors)
        .with_state(front)
}

/// Tokens travel in a header and never in a cookie, so that a foreign page can do nothing in its
/// visitor's name, whatever origins are allowed.
pub(crate) fn cors_layer(cors: &Cors) -> Result<CorsLayer, NotAnOrigin> {
    let origins = if cors.origins.iter().any(|origin| origin == "*") {
        AllowOrigin::any()
    } else {
        let origins: Result<Vec<_>, _> = cors.origins.iter().map(|text| origin(text)).collect();
        AllowOrigin::list(origins?)
    };
    Ok(CorsLayer::new()
        .allow_origin(origins)
        .allow_methods([Method::GET, Method::POST])
        .allow_headers([
            header::CONTENT_TYPE,
            header::AUTHORIZATION,
            HeaderName::from_static("traceparent"),
        ])
        .max_age(CORS_MAX_AGE))
}

/// Browsers compare the text of an origin byte by byte: with anything behind the host it would
/// never be theirs.
fn origin(text: &str) -> Result<HeaderValue, NotAnOrigin> {
    let refused = || NotAnOrigin(text.to_owned());
    let host = text.split_once("://").map(|(_, host)| host);
    let host = host.filter(|host| !host.is_empty()).ok_or_else(refused)?;
    let parsed: Uri = host.parse().map_err(|_odd| refused())?;
    let is_bare = parsed
        .authority()
        .is_some_and(|found| found.as_str() == host);
    if !is_bare || host.contains('@') {
        return Err(refused());
    }
    HeaderValue::from_str(text).map_err(|_odd| refused())
}

type Shared = State<Front>;
