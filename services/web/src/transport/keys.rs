//! The public keys of access tokens, for whoever checks a token without asking us. Such a one does
//! not hear of sessions that have ended.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderName, header};

use super::Shared;
use crate::identity::KeySet;

/// Where they are looked for.
pub(super) const PATH: &str = "/.well-known/jwks.json";

/// How long the keys may be kept: no longer than a key is known before it signs.
const KEPT: &str = "public, max-age=300";

pub(super) async fn public(
    State(front): Shared,
) -> ([(HeaderName, &'static str); 1], Json<KeySet>) {
    let keys = front.gateway.access_tokens.public_keys();
    ([(header::CACHE_CONTROL, KEPT)], Json(keys))
}
