//! What is traded.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A market of the exchange, such as `BTCUSDT`: 1 to 20 upper-case letters and digits, so that
/// it fits a subject token as it is. Zeros follow the text, which keeps its order.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Symbol([u8; Symbol::MAX_LEN]);

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
        let text = self.0.split(|byte| *byte == 0).next();
        // It is ASCII.
        text.and_then(|text| std::str::from_utf8(text).ok())
            .unwrap_or_default()
    }

    /// A number that spreads symbols evenly.
    pub(crate) const fn spread(&self) -> u64 {
        let [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t] = self.0;
        let head = u64::from_le_bytes([a, b, c, d, e, f, g, h]);
        let middle = u64::from_le_bytes([i, j, k, l, m, n, o, p]);
        let tail = u64::from_le_bytes([q, r, s, t, 0, 0, 0, 0]);
        let sum = head
            .wrapping_add(middle.rotate_left(29))
            .wrapping_add(tail.rotate_left(13));
        sum.wrapping_mul(0x9e37_79b9_7f4a_7c15)
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
            let mut symbol = [0; Self::MAX_LEN];
            for (byte, letter) in symbol.iter_mut().zip(text.bytes()) {
                *byte = letter;
            }
            Ok(Self(symbol))
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
        symbol.as_str().to_owned()
    }
}

impl fmt::Debug for Symbol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

impl fmt::Display for Symbol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
