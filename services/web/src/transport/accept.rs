//! What a client says that it accepts, and the media type of an answer that follows from it.

use axum::http::{HeaderMap, header};

/// In which words an answer is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum MediaType {
    /// `application/json`: well-formed requests are answered with 200, whatever became of them.
    Json,
    /// `application/graphql-response+json`: the status says whether anything was executed.
    GraphqlResponse,
}

const GRAPHQL_RESPONSE: &str = "application/graphql-response+json";
/// Server-sent events.
pub(super) const EVENT_STREAM: &str = "text/event-stream";
const HTML: &str = "text/html";

/// The quality of a type that is named without one, in thousandths.
const FULL: u16 = 1_000;

impl MediaType {
    /// The type as a header names it.
    pub(super) const fn text(self) -> &'static str {
        match self {
            Self::Json => "application/json; charset=utf-8",
            Self::GraphqlResponse => "application/graphql-response+json; charset=utf-8",
        }
    }
}

/// The types that a client accepts, each with its quality in thousandths.
pub(super) struct Accepted(Vec<(String, u16)>);

impl Accepted {
    /// What the headers say; a client that says nothing takes JSON.
    pub(super) fn of(headers: &HeaderMap) -> Self {
        let values = headers.get_all(header::ACCEPT).iter();
        let texts = values.filter_map(|value| value.to_str().ok());
        let mut ranges: Vec<_> = texts
            .flat_map(|text| text.split(','))
            .filter_map(range)
            .collect();
        if ranges.is_empty() {
            ranges.push(("*/*".to_owned(), FULL));
        }
        Self(ranges)
    }

    /// The type that an answer is given in; `None` if the client takes neither. Of two that it
    /// likes as much the one that says more is taken.
    pub(super) fn media(&self) -> Option<MediaType> {
        let (plain, telling) = (self.json(), self.named(GRAPHQL_RESPONSE));
        if telling.max(plain) == 0 {
            None
        } else if telling >= plain {
            Some(MediaType::GraphqlResponse)
        } else {
            Some(MediaType::Json)
        }
    }

    /// Whether the client takes server-sent events.
    pub(super) fn events(&self) -> bool {
        self.named(EVENT_STREAM) > 0
    }

    /// Whether a person with a browser asks.
    pub(super) fn html(&self) -> bool {
        self.named(HTML) > 0
    }

    /// The quality of plain JSON, which is what a wildcard means here.
    fn json(&self) -> u16 {
        ["application/json", "application/*", "*/*"]
            .into_iter()
            .find_map(|name| self.find(name))
            .unwrap_or_default()
    }

    fn named(&self, name: &str) -> u16 {
        self.find(name).unwrap_or_default()
    }

    fn find(&self, name: &str) -> Option<u16> {
        let found = self.0.iter().filter(|(range, _)| range == name);
        found.map(|(_, quality)| *quality).max()
    }
}

/// A range of types in lower case and its quality; parameters other than `q` make no difference.
fn range(text: &str) -> Option<(String, u16)> {
    let mut parts = text.split(';').map(str::trim);
    let name = parts.next().filter(|name| name.contains('/'))?;
    let quality = parts.find_map(|part| part.strip_prefix("q=").or(part.strip_prefix("Q=")));
    Some((name.to_ascii_lowercase(), quality.map_or(FULL, thousandths)))
}

/// A quality, `0` to `1` with at most three decimals; what is none counts as the least.
fn thousandths(text: &str) -> u16 {
    let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
    let digits = format!("{whole}{decimals:0<3}");
    let is_quality = whole.len() == 1 && decimals.len() <= 3;
    let quality = digits.parse().ok().filter(|_| is_quality);
    quality.map_or(1, |quality: u16| quality.min(FULL))
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn accepted(texts: &[&'static str]) -> Accepted {
        let headers = texts
            .iter()
            .map(|text| (header::ACCEPT, HeaderValue::from_static(text)));
        Accepted::of(&headers.collect())
    }

    #[test]
    fn the_type_that_a_client_likes_best_is_taken() {
        use MediaType::{GraphqlResponse, Json};
        for (texts, expected) in [
            (&[][..], Some(Json)),
            (&[""], Some(Json)),
            (&["*/*"], Some(Json)),
            (&["application/*"], Some(Json)),
            (&["application/json"], Some(Json)),
            (&["APPLICATION/JSON; charset=utf-8"], Some(Json)),
            (&[GRAPHQL_RESPONSE], Some(GraphqlResponse)),
            (
                &["application/json, application/graphql-response+json"],
                Some(GraphqlResponse),
            ),
            (
                &[
                    "application/json",
                    "application/graphql-response+json;q=0.5",
                ],
                Some(Json),
            ),
            (
                &["application/graphql-response+json, application/json;q=0.9, */*;q=0.1"],
                Some(GraphqlResponse),
            ),
            (&["text/html,*/*;q=0.8"], Some(Json)),
            (&["text/html"], None),
            (&["application/json;q=0"], None),
            (&["application/json;q=0, */*"], None),
        ] {
            assert_eq!(accepted(texts).media(), expected, "{texts:?}");
        }
    }

    #[test]
    fn events_and_pages_have_to_be_named() {
        let browser = accepted(&["text/html,application/xhtml+xml,*/*;q=0.8"]);
        assert!(browser.html() && !browser.events());
        let listener = accepted(&["text/event-stream"]);
        assert!(listener.events() && !listener.html());
        assert!(!accepted(&["text/event-stream;q=0"]).events());
        assert!(!accepted(&[]).events());
    }

    #[test]
    fn a_quality_is_read_in_thousandths() {
        for (text, quality) in [
            ("1", 1_000),
            ("1.000", 1_000),
            ("0.5", 500),
            ("0.05", 50),
            ("0.001", 1),
            ("0", 0),
            ("0.", 0),
            ("7", 1_000),
            ("0.0001", 1),
            ("high", 1),
        ] {
            assert_eq!(thousandths(text), quality, "{text}");
        }
    }
}
