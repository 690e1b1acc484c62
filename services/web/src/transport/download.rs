//! Audit records, for whoever wants to replay a closed match.

use std::net::SocketAddr;

use axum::extract::{ConnectInfo, Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use contracts::Code;
use domain::id::BattleId;

use super::Shared;
use crate::error::{ApiError, ApiResult};
use crate::identity::{Permission, Visitor};

/// `GET /records/{battle}`, with the same token as the API.
pub(super) async fn record(
    State(front): Shared,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    Path(battle): Path<String>,
    headers: HeaderMap,
) -> Response {
    let visitor = front.visitor(&headers, peer);
    match find(&front.gateway.db, &visitor, &battle).await {
        Ok(record) => {
            let name = format!("attachment; filename=\"{battle}.jsonl\"");
            let headers = [
                (header::CONTENT_TYPE, "application/jsonl".to_owned()),
                (header::CONTENT_DISPOSITION, name),
                (header::ETAG, format!("\"{}\"", record.sha256)),
            ];
            (headers, record.record).into_response()
        }
        Err(error) => status(&error).into_response(),
    }
}

async fn find(
    db: &store::Db,
    visitor: &Visitor,
    battle: &str,
) -> ApiResult<store::entity::audit_record::Model> {
    let missing = || ApiError::of(Code::NotFound);
    let eyes = visitor.signed_in().await?.eyes(Permission::ReadGameMatches);
    let battle: BattleId = battle.parse().map_err(|_not_an_id| missing())?;
    store::gateway::records::find(db, eyes, battle)
        .await?
        .ok_or_else(missing)
}

fn status(error: &ApiError) -> StatusCode {
    if let ApiError::Internal(cause) = error {
        tracing::error!(%cause, "a record cannot be read");
        return StatusCode::INTERNAL_SERVER_ERROR;
    }
    if error.code() == Code::Unauthenticated {
        StatusCode::UNAUTHORIZED
    } else {
        StatusCode::NOT_FOUND
    }
}
