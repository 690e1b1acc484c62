//! Money that can be withdrawn or won, and the currencies it comes in.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::decimal::{self, DecimalError};

/// What wallet money is counted in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Currency {
    /// Tether, 6 decimals.
    Usdt,
    /// Solana's coin, 9 decimals.
    Sol,
    /// The in-app token, whole.
    Bt,
}

impl Currency {
    /// Every currency.
    pub const ALL: [Self; 3] = [Self::Usdt, Self::Sol, Self::Bt];

    /// How many decimals the minor unit stands for.
    pub const fn scale(self) -> u32 {
        match self {
            Self::Usdt => 6,
            Self::Sol => 9,
            Self::Bt => 0,
        }
    }

    /// The code that the ledger and the wire use.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Usdt => "USDT",
            Self::Sol => "SOL",
            Self::Bt => "BT",
        }
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// Not the code of a currency.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected USDT, SOL or BT")]
pub struct UnknownCurrency;

impl FromStr for Currency {
    type Err = UnknownCurrency;

    fn from_str(code: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|currency| currency.code() == code)
            .ok_or(UnknownCurrency)
    }
}

/// An amount of wallet money, in the minor unit of its currency.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Money {
    /// The amount, in the currency's minor unit.
    pub minor: i64,
    /// What it is counted in.
    pub currency: Currency,
}

impl Money {
    /// Reads a decimal amount of `currency`; more decimals than it has are refused.
    pub fn parse(text: &str, currency: Currency) -> Result<Self, DecimalError> {
        decimal::parse(text, currency.scale()).map(|minor| Self { minor, currency })
    }
}

/// The amount alone, exact: `10.5`.
impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        decimal::write(f, self.minor, self.currency.scale())
    }
}
