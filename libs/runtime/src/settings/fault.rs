//! What is wrong with one setting, in words.

use std::fmt::{self, Display};

use serde::de;

use crate::Service;

/// One setting and what is wrong with it.
#[derive(Debug)]
pub(super) struct Fault {
    /// From the outermost section to the key.
    pub(super) path: Vec<String>,
    pub(super) problem: Problem,
}

#[derive(Debug)]
pub(super) enum Problem {
    /// `expected` is learnt in a second reading.
    Missing {
        expected: Option<String>,
    },
    Unknown {
        expected: String,
    },
    /// `detail` says what was found.
    Wrong {
        detail: String,
        expected: Option<String>,
    },
}

/// A longer detail is cut: it may repeat a value.
const DETAIL_LIMIT: usize = 120;

impl Fault {
    pub(super) fn here(problem: Problem) -> Self {
        Self {
            path: Vec::new(),
            problem,
        }
    }

    pub(super) fn found(found: &str, expected: String) -> Self {
        Self::here(Problem::Wrong {
            detail: format!("found {found}"),
            expected: Some(expected),
        })
    }

    /// The same fault, seen from one section further out.
    pub(super) fn within(mut self, key: &str) -> Self {
        self.path.insert(0, key.to_owned());
        self
    }

    /// Adds what the type expected, where the fault does not say it yet. A type of ours whose
    /// message begins with `expected` knows better.
    pub(super) fn expecting(mut self, at_leaf: String) -> Self {
        if let Problem::Wrong { detail, expected } = &mut self.problem
            && !detail.starts_with("expected ")
        {
            expected.get_or_insert(at_leaf);
        }
        self
    }

    /// Takes the value out of the words if it must not be seen.
    pub(super) fn hidden_if(mut self, hidden: bool) -> Self {
        if let (true, Problem::Wrong { detail, .. }) = (hidden, &mut self.problem) {
            "found a value that is not shown".clone_into(detail);
        }
        self
    }

    /// The fault as one line that names the setting, its variable and what was expected.
    pub(super) fn line(&self, service: &Service) -> String {
        let setting = setting(service, &self.path);
        let line = match &self.problem {
            Problem::Missing { expected } => {
                let expected = expected.as_deref().unwrap_or("a value");
                format!("{setting} is missing: expected {expected}")
            }
            Problem::Unknown { expected } => format!("{setting} is unknown: expected {expected}"),
            Problem::Wrong { detail, expected } => {
                let detail: String = detail.chars().take(DETAIL_LIMIT).collect();
                match expected {
                    Some(expected) => format!("{setting} is wrong: expected {expected}, {detail}"),
                    None => format!("{setting} is wrong: {detail}"),
                }
            }
        };
        line.replace('\n', " ")
    }
}

/// `setting nats.url (BATTLESBIT_ARENA__NATS__URL)`
pub(super) fn setting(service: &Service, path: &[String]) -> String {
    format!("setting {} ({})", path.join("."), variable(service, path))
}

/// The environment variable that speaks for a setting; for an element of a list, the list's.
pub(super) fn variable(service: &Service, path: &[String]) -> String {
    let keys = path.iter().take_while(|key| key.parse::<usize>().is_err());
    keys.fold(prefix(service), |name, key| {
        format!("{name}__{}", key.to_uppercase())
    })
}

/// What the names of a service's variables begin with.
pub(super) fn prefix(service: &Service) -> String {
    format!(
        "BATTLESBIT_{}",
        service.name.to_uppercase().replace('-', "_")
    )
}

fn one_of(names: &[&str]) -> String {
    match names {
        [] => "nothing here".to_owned(),
        [only] => (*only).to_owned(),
        several => format!("one of {}", several.join(", ")),
    }
}

/// What serde calls by the name of a Rust type, for somebody who never saw the code.
fn in_words(expected: &str) -> String {
    match expected {
        "u8" => "a whole number from 0 to 255",
        "u16" => "a whole number from 0 to 65535",
        "u32" => "a whole number from 0 to 4294967295",
        "u64" | "usize" => "a whole number from 0",
        "i8" | "i16" | "i32" | "i64" | "isize" => "a whole number",
        "f32" | "f64" => "a number",
        other => other,
    }
    .to_owned()
}

impl de::Error for Fault {
    fn custom<T: Display>(message: T) -> Self {
        Self::here(Problem::Wrong {
            detail: message.to_string(),
            expected: None,
        })
    }

    fn invalid_type(found: de::Unexpected<'_>, expected: &dyn de::Expected) -> Self {
        Self::found(&found.to_string(), in_words(&expected.to_string()))
    }

    fn invalid_value(found: de::Unexpected<'_>, expected: &dyn de::Expected) -> Self {
        Self::invalid_type(found, expected)
    }

    fn invalid_length(length: usize, expected: &dyn de::Expected) -> Self {
        Self::found(&format!("{length} elements"), expected.to_string())
    }

    fn unknown_variant(variant: &str, expected: &'static [&'static str]) -> Self {
        Self::found(&format!("{variant:?}"), one_of(expected))
    }

    fn unknown_field(field: &str, expected: &'static [&'static str]) -> Self {
        Self::here(Problem::Unknown {
            expected: one_of(expected),
        })
        .within(field)
    }

    fn missing_field(field: &'static str) -> Self {
        Self::here(Problem::Missing { expected: None }).within(field)
    }
}

impl Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {:?}", self.path.join("."), self.problem)
    }
}

impl std::error::Error for Fault {}
