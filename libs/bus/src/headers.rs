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
