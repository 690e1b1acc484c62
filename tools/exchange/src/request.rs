//! The requests that a client sends over its WebSocket, and their answers.

use std::collections::BTreeSet;

use serde::Deserialize;
use serde_json::{Value, json};

/// Streams that one connection may subscribe to.
pub(crate) const MAX_STREAMS: usize = 1024;

/// A request as it stands on the wire.
#[derive(Debug, Deserialize)]
struct Request {
    method: String,
    #[serde(default)]
    params: Vec<String>,
    #[serde(default)]
    id: Value,
}

/// Carries out a request on a client's subscriptions and returns the answer's text.
pub(crate) fn answer(text: &str, streams: &mut BTreeSet<String>) -> String {
    let request: Request = match serde_json::from_str(text) {
        Ok(request) => request,
        Err(error) => return refusal(3, &format!("Invalid JSON: {error}"), &Value::Null),
    };
    let result = match request.method.as_str() {
        "SUBSCRIBE" | "UNSUBSCRIBE" if request.params.is_empty() => {
            return refusal(2, "Invalid request: missing field `params`", &request.id);
        }
        "SUBSCRIBE" => {
            let added: BTreeSet<_> = streams
                .union(&request.params.iter().cloned().collect())
                .cloned()
                .collect();
            if added.len() > MAX_STREAMS {
                return refusal(2, "Invalid request: too many streams", &request.id);
            }
            *streams = added;
            Value::Null
        }
        "UNSUBSCRIBE" => {
            for stream in &request.params {
                streams.remove(stream);
            }
            Value::Null
        }
        "LIST_SUBSCRIPTIONS" => json!(streams),
        other => {
            let message = format!("Invalid request: unknown variant `{other}`");
            return refusal(2, &message, &request.id);
        }
    };
    json!({ "result": result, "id": request.id }).to_string()
}

fn refusal(code: u8, message: &str, id: &Value) -> String {
    json!({ "error": { "code": code, "msg": message }, "id": id }).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_subscribes_lists_and_unsubscribes_under_its_own_ids() {
        let mut streams = BTreeSet::new();
        let subscribe =
            r#"{"method":"SUBSCRIBE","params":["btcusdt@trade","ethusdt@trade"],"id":1}"#;
        assert_eq!(answer(subscribe, &mut streams), r#"{"id":1,"result":null}"#);
        assert_eq!(
            answer(
                r#"{"method":"UNSUBSCRIBE","params":["btcusdt@trade"],"id":"b"}"#,
                &mut streams
            ),
            r#"{"id":"b","result":null}"#
        );
        assert_eq!(
            answer(r#"{"method":"LIST_SUBSCRIPTIONS","id":3}"#, &mut streams),
            r#"{"id":3,"result":["ethusdt@trade"]}"#
        );
    }

    #[test]
    fn what_is_no_request_is_refused_with_a_code() {
        let mut streams = BTreeSet::new();
        for (text, code) in [
            ("{", 3),
            (r#"{"method":"DANCE","id":1}"#, 2),
            (r#"{"method":"SUBSCRIBE","id":1}"#, 2),
        ] {
            let answer: Value = serde_json::from_str(&answer(text, &mut streams)).unwrap();
            assert_eq!(answer["error"]["code"], json!(code), "{text}");
        }
        assert!(streams.is_empty());
    }

    #[test]
    fn a_connection_has_a_limited_number_of_streams() {
        let mut streams: BTreeSet<_> = (0..MAX_STREAMS).map(|n| n.to_string()).collect();
        let over = answer(
            r#"{"method":"SUBSCRIBE","params":["x@trade"],"id":1}"#,
            &mut streams,
        );
        assert!(over.contains("too many streams"));
        assert_eq!(streams.len(), MAX_STREAMS);
    }
}
