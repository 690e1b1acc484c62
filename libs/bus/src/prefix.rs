//! What goes before every subject and stream name, so that tests share a server without meeting.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Put before every subject and stream name; empty outside tests.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Prefix(Box<str>);

/// Not a prefix.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected at most {} letters and digits", Prefix::MAX_LEN)]
pub struct NotAPrefix;

impl Prefix {
    /// The longest prefix, in bytes.
    pub const MAX_LEN: usize = 32;

    /// The subject as the server knows it.
    pub fn subject(&self, subject: &str) -> String {
        if self.0.is_empty() {
            subject.to_owned()
        } else {
            format!("{}.{subject}", self.0)
        }
    }

    /// The subject as the contract knows it, if it is one of ours.
    pub fn strip<'a>(&self, subject: &'a str) -> Option<&'a str> {
        if self.0.is_empty() {
            return Some(subject);
        }
        subject.strip_prefix(&*self.0)?.strip_prefix('.')
    }

    /// The stream's name as the server knows it.
    pub fn stream(&self, name: &str) -> String {
        if self.0.is_empty() {
            name.to_owned()
        } else {
            format!("{}_{name}", self.0)
        }
    }
}

impl TryFrom<String> for Prefix {
    type Error = NotAPrefix;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let fits = text.len() <= Self::MAX_LEN;
        let clean = text.bytes().all(|byte| byte.is_ascii_alphanumeric());
        if fits && clean {
            Ok(Self(text.into()))
        } else {
            Err(NotAPrefix)
        }
    }
}

impl From<Prefix> for String {
    fn from(prefix: Prefix) -> Self {
        prefix.0.into()
    }
}

impl fmt::Display for Prefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use contracts::Topic;

    use super::*;

    const SUBJECT: &str = Topic::Offset.pattern();

    #[test]
    fn a_prefixed_subject_strips_back_to_itself_and_a_foreign_one_does_not() {
        let prefix = Prefix::try_from("t1".to_owned()).unwrap();
        assert_eq!(prefix.strip(&prefix.subject(SUBJECT)), Some(SUBJECT));
        assert_eq!(prefix.strip(&format!("t12.{SUBJECT}")), None);
        assert_eq!(Prefix::default().strip(SUBJECT), Some(SUBJECT));
    }

    #[test]
    fn a_prefix_cannot_smuggle_a_wildcard_or_a_dot() {
        for text in ["a.b", "*", ">", "a b"] {
            assert_eq!(Prefix::try_from(text.to_owned()), Err(NotAPrefix), "{text}");
        }
    }
}
