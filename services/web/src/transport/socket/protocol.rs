//! The messages of `graphql-transport-ws` and the codes that a connection is closed with.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::transport::request::{Parameters, read_object};
use crate::transport::response::Said;

/// What a client says.
#[derive(Debug)]
pub(super) enum FromClient {
    ConnectionInit {
        authorization: Option<String>,
    },
    Ping {
        /// A newer token.
        authorization: Option<String>,
    },
    Pong,
    Subscribe {
        id: Arc<str>,
        parameters: Parameters,
    },
    Complete {
        id: Arc<str>,
    },
}

/// Any message. Not an enum of serde's: the tag and exact numbers do not go together.
#[derive(Deserialize)]
struct Frame<'f> {
    r#type: &'f str,
    id: Option<Arc<str>>,
    #[serde(borrow)]
    payload: Option<&'f RawValue>,
}

impl FromClient {
    /// The message that `text` is, if it is one.
    pub(super) fn read(text: &str) -> Option<Self> {
        let Frame {
            r#type,
            id,
            payload,
        } = read_object(text.as_bytes()).ok()?;
        let payload = payload.map(RawValue::get);
        let id = id.filter(|id| !id.is_empty());
        Some(match r#type {
            "connection_init" => Self::ConnectionInit {
                authorization: authorization(object(payload)?),
            },
            "ping" => Self::Ping {
                authorization: authorization(object(payload)?),
            },
            "pong" => {
                object(payload)?;
                Self::Pong
            }
            "subscribe" => {
                let parameters = Parameters::read(payload?.as_bytes()).ok()?;
                Self::Subscribe {
                    id: id?,
                    parameters,
                }
            }
            "complete" => Self::Complete { id: id? },
            _ => return None,
        })
    }
}

type Fields = serde_json::Map<String, serde_json::Value>;

/// A payload that may be left out; `None` if it is there and no object.
fn object(payload: Option<&str>) -> Option<Fields> {
    let fields: Option<Fields> = payload.map_or(Ok(None), serde_json::from_str).ok()?;
    Some(fields.unwrap_or_default())
}

/// The token of a payload, under the name of the header in whatever case.
fn authorization(payload: Fields) -> Option<String> {
    let named = |(name, value): (String, serde_json::Value)| {
        let text = value.as_str().map(str::to_owned);
        text.filter(|_| name.eq_ignore_ascii_case("authorization"))
    };
    payload.into_iter().find_map(named)
}

/// What we say.
#[derive(Debug)]
pub(super) enum ToClient {
    ConnectionAck,
    Ping,
    Pong {
        payload: Option<Renewed>,
    },
    /// `next`, or `error` where nothing was executed.
    Said {
        id: Arc<str>,
        said: Said,
    },
    Complete {
        id: Arc<str>,
    },
}

/// What a newer token is answered with.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Renewed {
    /// How long the connection may last now, in seconds.
    expires_in: u64,
}

impl Renewed {
    /// The connection may last that long.
    pub(super) fn for_ms(rest_ms: i64) -> Self {
        let expires_in = u64::try_from(rest_ms / 1_000).unwrap_or_default();
        Self { expires_in }
    }
}

impl ToClient {
    /// The operation that ends with this message.
    pub(super) fn ends(&self) -> Option<&Arc<str>> {
        match self {
            Self::Complete { id } => Some(id),
            Self::Said { id, said } => said.refusal().map(|_| id),
            Self::ConnectionAck | Self::Ping | Self::Pong { .. } => None,
        }
    }

    /// The message as it travels. What was said is spliced in as it is: the same bytes may go to
    /// thousands.
    pub(super) fn text(&self) -> String {
        match self {
            Self::ConnectionAck => r#"{"type":"connection_ack"}"#.to_owned(),
            Self::Ping => r#"{"type":"ping"}"#.to_owned(),
            Self::Pong { payload: None } => r#"{"type":"pong"}"#.to_owned(),
            Self::Pong {
                payload: Some(payload),
            } => format!(r#"{{"type":"pong","payload":{}}}"#, json(payload)),
            Self::Complete { id } => format!(r#"{{"type":"complete","id":{}}}"#, json(id)),
            Self::Said { id, said } => {
                let (kind, payload) = match said.refusal() {
                    Some(errors) => ("error", errors),
                    None => ("next", said.text()),
                };
                let id = json(id);
                // Of the right size at once, and not by way of a formatter: this is what a crowd costs.
                [
                    r#"{"type":""#,
                    kind,
                    r#"","id":"#,
                    &id,
                    r#","payload":"#,
                    payload,
                    "}",
                ]
                .concat()
            }
        }
    }
}

fn json(plain: &impl Serialize) -> String {
    // Plain data: it can be written.
    serde_json::to_string(plain).unwrap_or_default()
}

/// What a close frame holds of a reason, in bytes.
const MAX_REASON: usize = 123;

/// Why we end a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Close {
    GoingAway,
    Malformed,
    NotInitialised,
    Forbidden,
    UnknownSubprotocol,
    InitialisedTooLate,
    DuplicateOperation(Arc<str>),
    InitialisedTwice,
    TooManyOperations,
    Silent,
    TooSlow,
}

impl Close {
    /// The code, as the subprotocol assigns it where it does.
    pub(super) const fn code(&self) -> u16 {
        match self {
            Self::GoingAway => 1001,
            Self::TooSlow => 1008,
            Self::Malformed => 4400,
            Self::NotInitialised => 4401,
            Self::Forbidden => 4403,
            Self::UnknownSubprotocol => 4406,
            Self::InitialisedTooLate | Self::Silent => 4408,
            Self::DuplicateOperation(_) => 4409,
            Self::InitialisedTwice | Self::TooManyOperations => 4429,
        }
    }

    /// The reason, in the subprotocol's words where it has any.
    pub(super) fn reason(&self) -> String {
        match self {
            Self::GoingAway => "Going away".to_owned(),
            Self::TooSlow => "Too slow".to_owned(),
            Self::Malformed => "Invalid message".to_owned(),
            Self::NotInitialised => "Unauthorized".to_owned(),
            Self::Forbidden => "Forbidden".to_owned(),
            Self::UnknownSubprotocol => "Subprotocol not acceptable".to_owned(),
            Self::InitialisedTooLate => "Connection initialisation timeout".to_owned(),
            Self::Silent => "No pong".to_owned(),
            Self::DuplicateOperation(id) => {
                let reason = format!("Subscriber for {id} already exists");
                if reason.len() <= MAX_REASON {
                    reason
                } else {
                    "Subscriber already exists".to_owned()
                }
            }
            Self::InitialisedTwice => "Too many initialisation requests".to_owned(),
            Self::TooManyOperations => "Too many operations".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_found_whatever_the_case_of_its_name() {
        let text = r#"{"type": "connection_init", "payload": {"Authorization": "Bearer x"}}"#;
        let message = FromClient::read(text);
        assert!(matches!(
            message,
            Some(FromClient::ConnectionInit { authorization: Some(token) }) if token == "Bearer x"
        ));
    }

    #[test]
    fn what_is_no_message_is_not_read() {
        for text in [
            "",
            "{}",
            r#"{"type": "subscribe", "payload": {"query": "{ x }"}}"#,
            r#"{"type": "subscribe", "id": "", "payload": {"query": "{ x }"}}"#,
            r#"{"type": "subscribe", "id": "1"}"#,
            r#"{"type": "start", "id": "1", "payload": {"query": "{ x }"}}"#,
            r#"{"type": "connection_init", "payload": "x"}"#,
            r#"{"type": "ping", "payload": []}"#,
            r#"{"type": "pong", "payload": 1}"#,
            r#"{"type": "complete"}"#,
            r#"[{"type": "ping"}]"#,
            r#"["ping", null, null]"#,
        ] {
            assert!(FromClient::read(text).is_none(), "{text}");
        }
    }

    #[test]
    fn messages_are_spelt_as_the_subprotocol_spells_them() {
        assert_eq!(
            ToClient::ConnectionAck.text(),
            r#"{"type":"connection_ack"}"#
        );
        let complete = ToClient::Complete { id: "7".into() };
        assert_eq!(complete.text(), r#"{"type":"complete","id":"7"}"#);
        let pong = |payload| ToClient::Pong { payload }.text();
        assert_eq!(pong(None), r#"{"type":"pong"}"#);
        assert_eq!(
            pong(Some(Renewed::for_ms(899_999))),
            r#"{"type":"pong","payload":{"expiresIn":899}}"#
        );
    }

    #[test]
    fn a_payload_may_be_left_out_or_null() {
        for text in [
            r#"{"type": "ping"}"#,
            r#"{"type": "ping", "payload": null}"#,
            r#"{"type": "ping", "payload": {"at": 1}}"#,
        ] {
            let message = FromClient::read(text);
            assert!(
                matches!(
                    message,
                    Some(FromClient::Ping {
                        authorization: None
                    })
                ),
                "{text}"
            );
        }
    }

    #[test]
    fn a_reason_fits_into_a_close_frame() {
        for (id, names_it) in [
            ("7".repeat(93), true),
            ("7".repeat(94), false),
            ("ü".repeat(50), false),
        ] {
            let reason = Close::DuplicateOperation(id.as_str().into()).reason();
            assert!(reason.len() <= MAX_REASON, "{reason}");
            assert_eq!(reason.contains(&id), names_it, "{reason}");
        }
    }
}
