//! Whose pages may call the API from a browser.
//!
//! Tokens travel in a header and never in a cookie, so that a foreign page can do nothing in its
//! visitor's name, whatever origins are allowed. What a page can have a browser send without asking
//! first is refused all the same.

use std::time::Duration;

use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, Uri, header};
use tower_http::cors::{AllowOrigin, CorsLayer};

use crate::settings::Cors;

/// How long a browser may remember what another origin is allowed.
const MAX_AGE: Duration = Duration::from_secs(60 * 60);

const SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
const MODE: HeaderName = HeaderName::from_static("sec-fetch-mode");

/// Not the origin of a page.
#[derive(Debug, thiserror::Error)]
#[error("cors.origins: expected \"*\" or an origin such as https://app.example.com, found {0:?}")]
pub(crate) struct NotAnOrigin(String);

/// The origins whose pages may call.
#[derive(Clone, Debug)]
pub(crate) enum Origins {
    /// Every one.
    Any,
    /// These, and our own.
    These(Vec<HeaderValue>),
}

impl Origins {
    /// The origins of the settings.
    ///
    /// # Errors
    /// One that no browser would ever send.
    pub(crate) fn parse(cors: &Cors) -> Result<Self, NotAnOrigin> {
        if cors.origins.iter().any(|origin| origin == "*") {
            return Ok(Self::Any);
        }
        let origins: Result<_, _> = cors.origins.iter().map(|text| origin(text)).collect();
        origins.map(Self::These)
    }

    /// What tells browsers so.
    pub(super) fn layer(&self) -> CorsLayer {
        let origins = match self {
            Self::Any => AllowOrigin::any(),
            Self::These(origins) => AllowOrigin::list(origins.iter().cloned()),
        };
        CorsLayer::new()
            .allow_origin(origins)
            .allow_methods([Method::GET, Method::POST])
            .allow_headers([
                header::CONTENT_TYPE,
                header::AUTHORIZATION,
                HeaderName::from_static("traceparent"),
            ])
            .expose_headers([header::RETRY_AFTER])
            .max_age(MAX_AGE)
    }

    /// Whether a page of the origin that the headers name may open a socket: a browser asks nobody
    /// about those. Whatever is no browser names none.
    pub(super) fn allow_socket(&self, headers: &HeaderMap) -> bool {
        let Some(origin) = headers.get(header::ORIGIN) else {
            return true;
        };
        match self {
            Self::Any => true,
            Self::These(origins) => origins.contains(origin) || is_own(origin, headers),
        }
    }
}

/// Whether the origin is where the request goes to.
fn is_own(origin: &HeaderValue, headers: &HeaderMap) -> bool {
    let host = headers.get(header::HOST).map(HeaderValue::as_bytes);
    let origin = origin.to_str().ok().and_then(|text| text.split_once("://"));
    origin.is_some_and(|(_, origin)| host == Some(origin.as_bytes()))
}

/// Whether a page of another site had a browser send this without asking first, as a picture or a
/// form does. Only browsers say so, and a page cannot make them say anything else.
pub(super) fn is_forged(headers: &HeaderMap) -> bool {
    let is = |name: &HeaderName, expected: &str| {
        headers.get(name).is_some_and(|value| value == expected)
    };
    let is_foreign = is(&SITE, "cross-site") || is(&SITE, "same-site");
    is_foreign && !is(&MODE, "cors")
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

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(of: &[(HeaderName, &'static str)]) -> HeaderMap {
        let pairs = of.iter().cloned();
        pairs
            .map(|(name, value)| (name, HeaderValue::from_static(value)))
            .collect()
    }

    #[test]
    fn a_socket_is_for_the_pages_that_are_listed_and_for_our_own() {
        let listed = Origins::parse(&Cors {
            origins: vec!["https://app.example.com".to_owned()],
        })
        .unwrap();
        let allowed = |origins: &Origins, origin: &'static str| {
            let own = (header::HOST, "api.example.com:8888");
            origins.allow_socket(&headers(&[own, (header::ORIGIN, origin)]))
        };
        for (origin, expected) in [
            ("https://app.example.com", true),
            ("http://api.example.com:8888", true),
            ("http://api.example.com", false),
            ("https://evil.example", false),
            ("null", false),
        ] {
            assert_eq!(allowed(&listed, origin), expected, "{origin}");
            assert!(allowed(&Origins::Any, origin), "{origin}");
        }
        assert!(listed.allow_socket(&HeaderMap::new()));
    }

    #[test]
    fn what_a_foreign_page_sends_without_asking_is_forged() {
        for (site, mode, expected) in [
            ("cross-site", "no-cors", true),
            ("cross-site", "navigate", true),
            ("same-site", "no-cors", true),
            ("cross-site", "cors", false),
            ("same-origin", "cors", false),
            ("same-origin", "navigate", false),
            ("none", "navigate", false),
        ] {
            let sent = headers(&[(SITE, site), (MODE, mode)]);
            assert_eq!(is_forged(&sent), expected, "{site} {mode}");
        }
        assert!(!is_forged(&HeaderMap::new()));
    }
}
