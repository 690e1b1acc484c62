//! The pages that every process serves: `/healthz`, `/readyz` and `/metrics`.

use std::time::Duration;

use axum::extract::{Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde_json::json;
use tokio::net::TcpListener;
use tokio::time::interval;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

use crate::Context;
use crate::connections::{self, Limits, Routes};
use crate::telemetry::METRICS;

/// Old samples of histograms are folded this often.
const METRICS_UPKEEP_EVERY: Duration = Duration::from_secs(5);

/// How long whoever comes when there are too many connections is told to wait, in seconds.
const COME_AGAIN_S: u32 = 1;

/// Serves until `stop`, then finishes the requests that are open.
pub(crate) async fn serve(
    listener: TcpListener,
    limits: Limits,
    context: Context,
    stop: CancellationToken,
) {
    let Context { service, .. } = context;
    metrics::gauge!("battlesbit_build", "service" => service.name, "version" => service.version)
        .set(1.0);
    let routes = Routes {
        served: pages().fallback(mounted).with_state(context.clone()),
        refused: pages().fallback(too_many).with_state(context),
    };
    let serving = connections::serve(listener, limits, routes, stop.clone());
    tokio::join!(serving, stop.run_until_cancelled(upkeep()));
}

async fn upkeep() {
    let mut ticks = interval(METRICS_UPKEEP_EVERY);
    loop {
        ticks.tick().await;
        METRICS.run_upkeep();
    }
}

fn pages() -> Router<Context> {
    Router::new()
        .route("/healthz", get(healthz))
        .route("/readyz", get(readyz))
        .route("/metrics", get(metrics_text))
}

async fn healthz(State(context): State<Context>) -> Response {
    let Context { service, .. } = context;
    Json(json!({ "service": service.name, "version": service.version })).into_response()
}

async fn readyz(State(context): State<Context>) -> Response {
    let report = context.health.report();
    let status = if report.ready {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    let page = json!({
        "service": context.service.name,
        "version": context.service.version,
        "ready": report.ready,
        "failing": report.failing,
    });
    (status, Json(page)).into_response()
}

async fn metrics_text() -> Response {
    let content_type = [(header::CONTENT_TYPE, "text/plain; version=0.0.4")];
    (content_type, METRICS.render()).into_response()
}

/// Hands a request to the routes of the service, once it has mounted them.
async fn mounted(State(context): State<Context>, request: Request) -> Response {
    match context.mounted.get() {
        Some(routes) => match routes.clone().oneshot(request).await {
            Ok(response) => response,
            Err(never) => match never {},
        },
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

/// Tells whoever is one connection too many.
async fn too_many() -> Response {
    let come_again = [(header::RETRY_AFTER, HeaderValue::from(COME_AGAIN_S))];
    (StatusCode::SERVICE_UNAVAILABLE, come_again).into_response()
}
