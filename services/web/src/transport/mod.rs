//! How clients reach the schema: HTTP, server-sent events, WebSocket, and a page for people.

mod accept;
mod admission;
mod download;
mod events;
mod execution;
mod explorer;
mod http;
mod keys;
mod mailbox;
mod operations;
mod origins;
mod request;
mod response;
mod sharing;
mod socket;
mod standing;

use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{DefaultBodyLimit, State};
use axum::routing::get;
use runtime::Context;

use crate::gateway::Gateway;
use crate::graphql::Hot;
use crate::settings::Limits;

use self::execution::Executes;
use self::operations::Operations;
pub(crate) use self::origins::Origins;
use self::sharing::Shares;
use self::standing::Standing;

/// How often a client that stays hears that we are there.
const PING_EVERY: Duration = Duration::from_secs(20);

/// A client that has not taken a message by then is sent away.
const SEND_WITHIN: Duration = Duration::from_secs(10);

/// What every handler needs. Cheap to clone.
#[derive(Clone)]
struct Front(Arc<Parts>);

struct Parts {
    schema: Arc<dyn Executes>,
    operations: Operations,
    gateway: Arc<Gateway>,
    limits: Limits,
    origins: Origins,
    shares: Shares,
    /// Sockets and streams of events.
    standing: Standing,
    /// What runs on sockets.
    running: Standing,
    context: Context,
}

impl Deref for Front {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}

/// Everything that the gateway serves beside health and metrics.
pub(crate) fn routes(
    schema: Arc<dyn Executes>,
    hot: Arc<dyn Hot>,
    gateway: Arc<Gateway>,
    limits: Limits,
    origins: Origins,
    context: Context,
) -> Router {
    let body_bytes = limits.body_bytes;
    let cors = origins.layer();
    let front = Front(Arc::new(Parts {
        schema,
        operations: Operations::new(hot, &limits, gateway.mode),
        gateway,
        origins,
        shares: Shares::new(context.clone()),
        standing: Standing::new(limits.streams_per_ip),
        running: Standing::new(limits.operations_per_ip),
        limits,
        context,
    }));
    let graphql = get(http::get).post(http::post);
    Router::new()
        .route("/graphql", graphql.clone())
        .route("/graphql/query", graphql)
        .route("/graphql/assets/{name}", get(explorer::asset))
        .route(keys::PATH, get(keys::public))
        .route("/records/{battle}", get(download::record))
        .layer(DefaultBodyLimit::max(body_bytes))
        .layer(cors)
        .with_state(front)
}

type Shared = State<Front>;
