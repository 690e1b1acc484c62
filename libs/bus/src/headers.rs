//! Headers as a dead letter keeps them.

use std::collections::BTreeMap;

use async_nats::HeaderMap;

/// Every header with its values, in the order of their names.
pub(crate) fn to_json(headers: &HeaderMap) -> serde_json::Value {
    let named: BTreeMap<&str, Vec<&str>> = headers
        .iter()
        .map(|(name, values)| {
            let name: &str = name.as_ref();
            (name, values.iter().map(|value| value.as_str()).collect())
        })
        .collect();
    serde_json::json!(named)
}

/// The headers that [`to_json`] wrote, but for the server's own: they were about another publish.
pub(crate) fn from_json(kept: &serde_json::Value) -> HeaderMap {
    let named: BTreeMap<String, Vec<String>> =
        serde::Deserialize::deserialize(kept).unwrap_or_default();
    let mut headers = HeaderMap::new();
    for (name, values) in named.iter().filter(|(name, _)| !name.starts_with("Nats-")) {
        for value in values {
            headers.append(name.as_str(), value.as_str());
        }
    }
    headers
}
