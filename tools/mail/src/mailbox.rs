//! The messages that the sink caught, newest last and bounded.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use mail_parser::MessageParser;
use runtime::Clock;
use serde::Serialize;
use time::OffsetDateTime;

use crate::faults::{Fate, Faults};

/// Older messages are forgotten.
const MAX_MESSAGES: usize = 10_000;

/// So are older ones when all together are larger.
const MAX_BYTES: usize = 256 * 1024 * 1024;

/// A message as it was caught.
#[derive(Clone, Debug, Serialize)]
pub struct Message {
    /// Rises with every message, and is not used again.
    pub id: u64,
    /// The envelope's sender.
    pub from: String,
    /// The envelope's recipients, in lower case.
    pub to: Vec<String>,
    pub subject: String,
    /// The body as plain text, made from HTML where there is nothing else.
    pub text: String,
    #[serde(with = "time::serde::rfc3339")]
    pub received_at: OffsetDateTime,
    /// What came over the wire.
    #[serde(skip)]
    pub raw: Vec<u8>,
}

/// What the sink caught, and how it misbehaves.
pub struct Mailbox {
    clock: Clock,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    messages: VecDeque<Message>,
    bytes: usize,
    last_id: u64,
    faults: Faults,
}

impl Mailbox {
    pub(crate) fn new(clock: Clock) -> Self {
        Self {
            clock,
            state: Mutex::default(),
        }
    }

    /// The messages to `to` (to anybody, if `None`) that came after message `after`, oldest first.
    pub fn list(&self, to: Option<&str>, after: u64) -> Vec<Message> {
        let to = to.map(str::to_lowercase);
        let wanted = |message: &&Message| {
            message.id > after && to.as_ref().is_none_or(|to| message.to.contains(to))
        };
        self.state()
            .messages
            .iter()
            .filter(wanted)
            .cloned()
            .collect()
    }

    /// One message, unless it was forgotten.
    pub fn find(&self, id: u64) -> Option<Message> {
        self.state()
            .messages
            .iter()
            .find(|message| message.id == id)
            .cloned()
    }

    /// Forgets every message; ids go on.
    pub fn clear(&self) {
        let mut state = self.state();
        state.messages.clear();
        state.bytes = 0;
    }

    /// Replaces what goes wrong from here on.
    pub fn set_faults(&self, faults: Faults) {
        self.state().faults = faults;
    }

    /// What is still to go wrong.
    pub fn faults(&self) -> Faults {
        self.state().faults
    }

    pub(crate) fn next_fate(&self) -> Fate {
        self.state().faults.next()
    }

    /// Keeps a message, forgets those beyond the bounds, and returns its id.
    pub(crate) fn keep(&self, from: String, to: &[String], raw: Vec<u8>) -> u64 {
        let parsed = MessageParser::new().parse(&raw);
        let subject = parsed
            .as_ref()
            .and_then(|message| message.subject())
            .unwrap_or_default();
        let text = parsed
            .as_ref()
            .and_then(|message| message.body_text(0))
            .unwrap_or_default();
        let (subject, text) = (subject.to_owned(), text.into_owned());
        let to = to.iter().map(|address| address.to_lowercase()).collect();
        let received_at = self.clock.now();

        let mut state = self.state();
        state.last_id += 1;
        let id = state.last_id;
        state.bytes += raw.len();
        state.messages.push_back(Message {
            id,
            from,
            to,
            subject,
            text,
            received_at,
            raw,
        });
        while state.messages.len() > MAX_MESSAGES || state.bytes > MAX_BYTES {
            let Some(oldest) = state.messages.pop_front() else {
                break;
            };
            state.bytes -= oldest.raw.len();
        }
        id
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_messages_are_forgotten_beyond_the_bound() {
        let mailbox = Mailbox::new(Clock::system());
        for _ in 0..=MAX_MESSAGES {
            mailbox.keep(String::new(), &[], Vec::new());
        }
        assert!(mailbox.find(1).is_none());
        assert_eq!(mailbox.list(None, 0).len(), MAX_MESSAGES);
        assert_eq!(mailbox.list(None, 10_000).len(), 1);
    }

    #[test]
    fn ids_are_not_used_again_after_everything_is_forgotten() {
        let mailbox = Mailbox::new(Clock::system());
        assert_eq!(mailbox.keep(String::new(), &[], Vec::new()), 1);
        mailbox.clear();
        assert_eq!(mailbox.keep(String::new(), &[], Vec::new()), 2);
    }

    #[test]
    fn an_encoded_subject_and_an_html_body_become_plain_text() {
        let mailbox = Mailbox::new(Clock::system());
        let raw = "Subject: =?utf-8?q?caf=C3=A9?=\r\nContent-Type: text/html; charset=utf-8\r\n\
                   Content-Transfer-Encoding: base64\r\n\r\nPHA+WW91ciBjb2RlPC9wPg==\r\n";
        let id = mailbox.keep(String::new(), &["A@B.C".to_owned()], raw.into());
        let message = mailbox.find(id).unwrap();
        assert_eq!(
            (message.subject.as_str(), message.text.trim()),
            ("café", "Your code")
        );
        assert_eq!(mailbox.list(Some("a@B.c"), 0).len(), 1);
        assert_eq!(mailbox.list(Some("b@b.c"), 0).len(), 0);
    }
}
