//! The HTTP side: what was caught, and how to misbehave.

use std::sync::Arc;

use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde::Deserialize;

use crate::{Faults, Mailbox, Message};

pub(crate) fn routes(mailbox: Arc<Mailbox>) -> Router {
    Router::new()
        .route("/readyz", get(StatusCode::OK))
        .route("/messages", get(list).delete(clear))
        .route("/messages/{id}", get(find))
        .route("/messages/{id}/raw", get(raw))
        .route("/faults", get(faults).post(set_faults))
        .with_state(mailbox)
}

#[derive(Deserialize)]
struct Filter {
    /// A recipient; anybody, if absent.
    to: Option<String>,
    /// Only messages with a higher id.
    #[serde(default)]
    after: u64,
}

async fn list(
    State(mailbox): State<Arc<Mailbox>>,
    Query(filter): Query<Filter>,
) -> Json<Vec<Message>> {
    Json(mailbox.list(filter.to.as_deref(), filter.after))
}

async fn clear(State(mailbox): State<Arc<Mailbox>>) -> StatusCode {
    mailbox.clear();
    StatusCode::NO_CONTENT
}

async fn find(State(mailbox): State<Arc<Mailbox>>, Path(id): Path<u64>) -> Response {
    mailbox
        .find(id)
        .map(Json)
        .ok_or(StatusCode::NOT_FOUND)
        .into_response()
}

async fn raw(State(mailbox): State<Arc<Mailbox>>, Path(id): Path<u64>) -> Response {
    mailbox
        .find(id)
        .map(|message| message.raw)
        .ok_or(StatusCode::NOT_FOUND)
        .into_response()
}

async fn faults(State(mailbox): State<Arc<Mailbox>>) -> Json<Faults> {
    Json(mailbox.faults())
}

async fn set_faults(
    State(mailbox): State<Arc<Mailbox>>,
    Json(faults): Json<Faults>,
) -> Json<Faults> {
    mailbox.set_faults(faults);
    Json(faults)
}
