//! What is traded.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A market of the exchange, such as `BTCUSDT`: 1 to 20 upper-case letters and digits, so that
/// it fits a subject token as it is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Symbol(Box<str>);

/// Not a symbol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "expected 1 to {} upper-case letters and digits such as BTCUSDT",
    Symbol::MAX_LEN
)]
pub struct NotASymbol;

impl Symbol {
    /// The longest symbol, in bytes.
    pub const MAX_LEN: usize = 20;

    /// The text, as the exchange writes it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Symbol {
    type Err = NotASymbol;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let fits = (1..=Self::MAX_LEN).contains(&text.len());
        let clean = text
            .bytes()
            .all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
        if fits && clean {
            Ok(Self(text.into()))
        } else {
            Err(NotASymbol)
        }
    }
}

impl TryFrom<String> for Symbol {
    type Error = NotASymbol;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Symbol> for String {
    fn from(symbol: Symbol) -> Self {
        symbol.0.into()
    }
}

impl fmt::Display for Symbol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
