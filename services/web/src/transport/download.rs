//! Audit records, for whoever wants to replay a match that is over: its players, and third parties
//! without an account.

use std::io::{self, Write};
use std::net::SocketAddr;
use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::{ConnectInfo, Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use contracts::Code;
use domain::id::BattleId;
use flate2::Compression;
use flate2::write::GzEncoder;
use futures::stream;
use store::gateway::records;
use store::record::{self, Record};
use tokio::sync::Semaphore;

use super::Shared;
use super::accept::MediaType;
use super::response::Answer;
use crate::error::{ApiError, ApiResult};
use crate::gateway::Gateway;
use crate::identity::{Claim, Origin};
use crate::trace::TraceId;

/// The most parts of records that are read at once, for all downloads together: the API needs the
/// database too. Nobody waits for a slow client with one of them.
const PARTS_AT_ONCE: usize = 4;
/// A record never changes.
const CACHING: &str = "public, max-age=31536000, immutable";

static READING: Semaphore = Semaphore::const_new(PARTS_AT_ONCE);

/// `GET /records/{battle}`
pub(super) async fn record(
    State(front): Shared,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    Path(battle): Path<String>,
    headers: HeaderMap,
) -> Response {
    let trace = TraceId::of(&headers);
    let origin = Origin::of(&headers, peer, &front.gateway.proxies);
    let visitor = front.gateway.visitor(Claim::Nobody, origin);
    if let Err(answer) = front.let_pass(&visitor, trace).await {
        return answer.into_response(MediaType::Json);
    }
    match find(&front.gateway.db, &battle).await {
        Ok(record) => give(Arc::clone(&front.gateway), &record, &headers),
        Err(error) => {
            let status = if error.code() == Code::NotFound {
                StatusCode::NOT_FOUND
            } else {
                StatusCode::INTERNAL_SERVER_ERROR
            };
            Answer::refused(error, status, trace).into_response(MediaType::Json)
        }
    }
}

async fn find(db: &store::Db, battle: &str) -> ApiResult<Record> {
    let missing = || ApiError::of(Code::NotFound);
    let battle: BattleId = battle.parse().map_err(|_not_an_id| missing())?;
    let found = records::find(db, &[battle]).await?;
    found.into_iter().next().ok_or_else(missing)
}

fn give(gateway: Arc<Gateway>, record: &Record, headers: &HeaderMap) -> Response {
    let gzip = accepts_gzip(headers);
    let Record {
        battle_id,
        sha256,
        size,
    } = record;
    // The same record, but not the same bytes.
    let weak = if gzip { "W/" } else { "" };
    let caching = [
        (header::ETAG, format!("{weak}\"{sha256}\"")),
        (header::CACHE_CONTROL, CACHING.to_owned()),
        (header::VARY, header::ACCEPT_ENCODING.to_string()),
    ];
    if knows(headers, sha256) {
        return (StatusCode::NOT_MODIFIED, caching).into_response();
    }
    let length = if gzip {
        (header::CONTENT_ENCODING, "gzip".to_owned())
    } else {
        (header::CONTENT_LENGTH, size.to_string())
    };
    let about = [
        (header::CONTENT_TYPE, "text/plain; charset=utf-8".to_owned()),
        (
            header::CONTENT_DISPOSITION,
            format!("attachment; filename=\"{battle_id}.record\""),
        ),
        length,
    ];
    let download = Download {
        gateway,
        battle: (*battle_id).into(),
        size: *size,
        read: 0,
        part: 0,
        packer: gzip.then(|| GzEncoder::new(Vec::new(), Compression::fast())),
    };
    let body = Body::from_stream(stream::try_unfold(download, Download::next));
    (caching, about, body).into_response()
}

/// Whether the client takes gzip.
fn accepts_gzip(headers: &HeaderMap) -> bool {
    values(headers, header::ACCEPT_ENCODING).any(|coding| {
        let (name, weight) = coding.split_once(';').unwrap_or((coding, ""));
        let refused = weight
            .trim()
            .strip_prefix("q=")
            .is_some_and(|weight| weight.trim_matches(['0', '.']).is_empty());
        name.trim().eq_ignore_ascii_case("gzip") && !refused
    })
}

/// Whether the client says that it has these bytes, packed or not.
fn knows(headers: &HeaderMap, sha256: &str) -> bool {
    values(headers, header::IF_NONE_MATCH).any(|known| {
        let tag = known.strip_prefix("W/").unwrap_or(known);
        tag == "*" || tag.trim_matches('"') == sha256
    })
}

/// What a header lists.
fn values(headers: &HeaderMap, name: header::HeaderName) -> impl Iterator<Item = &str> {
    headers
        .get_all(name)
        .into_iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(str::trim)
}

/// A record on its way out, part by part.
struct Download {
    gateway: Arc<Gateway>,
    battle: BattleId,
    size: i64,
    /// How many bytes have been read.
    read: i64,
    /// The number of the next part.
    part: i32,
    /// None where nothing is packed, or everything was.
    packer: Option<GzEncoder<Vec<u8>>>,
}

impl Download {
    /// What is sent next; none behind the last.
    async fn next(mut self) -> io::Result<Option<(Bytes, Self)>> {
        while self.read < self.size {
            let part = self.part().await.inspect_err(|cause| {
                tracing::error!(battle = %self.battle, %cause, "a record cannot be read");
            })?;
            let sent = match &mut self.packer {
                None => part,
                Some(packer) => {
                    packer.write_all(&part)?;
                    std::mem::take(packer.get_mut())
                }
            };
            if !sent.is_empty() {
                return Ok(Some((sent.into(), self)));
            }
        }
        match self.packer.take() {
            Some(packer) => Ok(Some((packer.finish()?.into(), self))),
            None => Ok(None),
        }
    }

    async fn part(&mut self) -> io::Result<Vec<u8>> {
        let _turn = READING.acquire().await.map_err(io::Error::other)?;
        let db = &self.gateway.db;
        let found = record::find_part(db, self.battle, self.part).await;
        let part = found.map_err(io::Error::other)?;
        let part = part.ok_or(io::ErrorKind::UnexpectedEof)?;
        let len = i64::try_from(part.len()).map_err(io::Error::other)?;
        self.read = self.read.saturating_add(len);
        self.part = self.part.saturating_add(1);
        Ok(part)
    }
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderName, HeaderValue};

    use super::*;

    fn with(name: HeaderName, value: &'static str) -> HeaderMap {
        [(name, HeaderValue::from_static(value))]
            .into_iter()
            .collect()
    }

    #[test]
    fn gzip_is_sent_to_whoever_asks_for_it() {
        for (accepted, gzip) in [
            ("gzip", true),
            ("br, GZIP;q=0.5", true),
            ("gzip;q=0", false),
            ("gzip; q=0.000, br", false),
            ("identity", false),
            ("x-gzip-like", false),
        ] {
            let headers = with(header::ACCEPT_ENCODING, accepted);
            assert_eq!(accepts_gzip(&headers), gzip, "{accepted}");
        }
        assert!(!accepts_gzip(&HeaderMap::new()));
    }

    #[test]
    fn a_record_is_known_by_its_hash_packed_or_not() {
        for (known, knows_it) in [
            ("\"feed\"", true),
            ("\"beef\", W/\"feed\"", true),
            ("*", true),
            ("\"beef\"", false),
        ] {
            let headers = with(header::IF_NONE_MATCH, known);
            assert_eq!(knows(&headers, "feed"), knows_it, "{known}");
        }
    }
}
