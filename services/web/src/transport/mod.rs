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
use axum::http::{HeaderName, HeaderValue, Method, header};
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
    cors: &Cors,
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
        .layer(cors_layer(cors))
        .with_state(front)
}

/// Tokens travel in a header and never in a cookie, so that a foreign page can do nothing in its
/// visitor's name, whatever origins are allowed.
fn cors_layer(cors: &Cors) -> CorsLayer {
    let origins = if cors.origins.iter().any(|origin| origin == "*") {
        AllowOrigin::any()
    } else {
        AllowOrigin::list(
            cors.origins
                .iter()
                .filter_map(|origin| HeaderValue::from_str(origin).ok()),
        )
    };
    CorsLayer::new()
        .allow_origin(origins)
        .allow_methods([Method::GET, Method::POST])
        .allow_headers([
            header::CONTENT_TYPE,
            header::AUTHORIZATION,
            HeaderName::from_static("traceparent"),
        ])
        .max_age(CORS_MAX_AGE)
}

type Shared = State<Front>;
