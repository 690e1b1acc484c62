//! The messages of `graphql-transport-ws` and the codes that a connection is closed with.

use std::sync::Arc;

use async_graphql::ServerError;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::transport::request::Parameters;
use crate::transport::response::Answer;

/// What a client says.
#[derive(Debug)]
pub(super) enum FromClient {
    ConnectionInit {
        authorization: Option<String>,
    },
    Ping,
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
        } = serde_json::from_str(text).ok()?;
        let payload = payload.map(RawValue::get);
        let id = id.filter(|id| !id.is_empty());
        Some(match r#type {
            "connection_init" => Self::ConnectionInit {
                authorization: payload.and_then(authorization),
            },
            "ping" => Self::Ping,
            "pong" => Self::Pong,
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

/// The token of a `connection_init`, under the name of the header in whatever case.
fn authorization(payload: &str) -> Option<String> {
    let payload: serde_json::Map<String, serde_json::Value> = serde_json::from_str(payload).ok()?;
    let named = |(name, value): (String, serde_json::Value)| {
        let text = value.as_str().map(str::to_owned);
        text.filter(|_| name.eq_ignore_ascii_case("authorization"))
    };
    payload.into_iter().find_map(named)
}

/// What we say.
#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum ToClient {
    ConnectionAck,
    Ping,
    Pong,
    Next {
        id: Arc<str>,
        payload: Answer,
    },
    Error {
        id: Arc<str>,
        payload: Vec<ServerError>,
    },
    Complete {
        id: Arc<str>,
    },
}

impl ToClient {
    /// An operation's answer: `error` where nothing was executed.
    pub(super) fn of(id: &Arc<str>, answer: Answer) -> Self {
        let id = Arc::clone(id);
        match answer.refusal() {
            Some(errors) => Self::Error {
                id,
                payload: errors.to_vec(),
            },
            None => Self::Next {
                id,
                payload: answer,
            },
        }
    }

    /// The message as it travels.
    pub(super) fn text(&self) -> String {
        // Plain data: it can be written.
        serde_json::to_string(self).unwrap_or_default()
    }
}

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
            // A close frame holds 123 bytes of reason.
            Self::DuplicateOperation(id) if id.len() <= 64 => {
                format!("Subscriber for {id} already exists")
            }
            Self::DuplicateOperation(_) => "Subscriber already exists".to_owned(),
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
    }
}
