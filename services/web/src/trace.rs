//! The id that ties a client's error to our logs.

use std::fmt;

use axum::http::HeaderMap;
use rand::RngExt;

/// The trace of one request: the caller's, where it sends a `traceparent`, or one of our own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TraceId(u128);

impl TraceId {
    /// A trace that begins here.
    pub(crate) fn begin() -> Self {
        Self(rand::rng().random())
    }

    /// The trace that the caller is part of, or one that begins here.
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        headers
            .get("traceparent")
            .and_then(|value| value.to_str().ok())
            .and_then(read_traceparent)
            .unwrap_or_else(Self::begin)
    }
}

impl fmt::Display for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

/// `00-<32 hexadecimal digits>-<16>-<2>`, as the W3C's Trace Context writes it.
fn read_traceparent(text: &str) -> Option<TraceId> {
    let mut parts = text.split('-');
    let (version, trace) = (parts.next()?, parts.next()?);
    let well_formed = version.len() == 2 && trace.len() == 32;
    let id = u128::from_str_radix(trace, 16).ok()?;
    (well_formed && id != 0).then_some(TraceId(id))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trace_of_the_caller_is_kept() {
        let text = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        let trace = read_traceparent(text).map(|trace| trace.to_string());
        assert_eq!(trace.as_deref(), Some("0af7651916cd43dd8448eb211c80319c"));
        for text in [
            "",
            "00-0-0-0",
            "00-00000000000000000000000000000000-b7ad6b7169203331-01",
        ] {
            assert_eq!(read_traceparent(text), None, "{text}");
        }
    }
}
