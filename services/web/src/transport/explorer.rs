//! GraphiQL for people, from files of our own: it works without any network but ours.

use axum::extract::Path;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use runtime::Mode;
use sha2::{Digest, Sha256};
use std::sync::LazyLock;

use crate::gateway::Gateway;

/// How long a browser may use a file without asking; its name holds no version, so it does ask.
const CACHE: &str = "public, max-age=0, must-revalidate";

/// Nothing but our own files may be loaded. GraphiQL styles itself inline.
const POLICY: &str = "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
                      img-src 'self' data:; font-src 'self' data:; connect-src 'self' ws: wss:";

struct File {
    name: &'static str,
    media: &'static str,
    bytes: &'static [u8],
    etag: LazyLock<String>,
}

macro_rules! files {
    ($($name:literal: $media:literal),* $(,)?) => {
        static FILES: [File; [$($name),*].len()] = [$(File {
            name: $name,
            media: $media,
            bytes: include_bytes!(concat!("../../assets/graphiql/", $name)),
            etag: LazyLock::new(|| {
                etag(include_bytes!(concat!("../../assets/graphiql/", $name)))
            }),
        }),*];
    };
}

files! {
    "start.js": "text/javascript; charset=utf-8",
    "graphiql.min.js": "text/javascript; charset=utf-8",
    "graphiql.min.css": "text/css; charset=utf-8",
    "react.production.min.js": "text/javascript; charset=utf-8",
    "react-dom.production.min.js": "text/javascript; charset=utf-8",
}

fn etag(bytes: &[u8]) -> String {
    format!("\"{}\"", hex::encode(&Sha256::digest(bytes)[..16]))
}

/// Whether there is a page at all: in production nobody is told what the schema is.
pub(super) fn is_open(gateway: &Gateway) -> bool {
    gateway.mode == Mode::Development
}

/// The page itself.
pub(super) fn page() -> Response {
    let headers = [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::CACHE_CONTROL, CACHE),
    ];
    (
        headers,
        Html(include_str!("../../assets/graphiql/index.html")),
    )
        .into_response()
}

/// `GET /graphql/assets/{name}`
pub(super) async fn asset(Path(name): Path<String>, headers: HeaderMap) -> Response {
    let Some(file) = FILES.iter().find(|file| file.name == name) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let etag = file.etag.as_str();
    let known = headers
        .get(header::IF_NONE_MATCH)
        .is_some_and(|value| value == etag);
    let caching = [(header::ETAG, etag), (header::CACHE_CONTROL, CACHE)];
    if known {
        return (StatusCode::NOT_MODIFIED, caching).into_response();
    }
    (caching, [(header::CONTENT_TYPE, file.media)], file.bytes).into_response()
}
