//! The symbols that the stand-in lists: their assets, price steps and first prices.

use crate::amount::Amount;

/// One tradable symbol.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listing {
    /// Upper case, for example `BTCUSDT`.
    pub symbol: String,
    /// What is bought and sold.
    pub base: String,
    /// What prices are given in.
    pub quote: String,
    /// Every price is a multiple of this.
    pub tick_size: Amount,
    /// Where a synthetic market starts.
    pub first_price: Amount,
}

impl Listing {
    fn new(base: &str, tick_size: i64, first_price: i64) -> Self {
        Self {
            symbol: format!("{base}USDT"),
            base: base.to_owned(),
            quote: "USDT".to_owned(),
            tick_size: Amount::from_units(tick_size),
            first_price: Amount::from_units(first_price),
        }
    }

    /// The name of its trade stream, for example `btcusdt@trade`.
    pub fn trade_stream(&self) -> String {
        format!("{}@trade", self.symbol.to_ascii_lowercase())
    }

    /// The symbols that are always listed, with the price steps of the real exchange.
    pub fn defaults() -> Vec<Self> {
        vec![
            Self::new("BTC", 1_000_000, 6_183_763_000_000),
            Self::new("ETH", 1_000_000, 268_380_000_000),
            Self::new("SOL", 1_000_000, 15_342_000_000),
            Self::new("BNB", 1_000_000, 51_230_000_000),
        ]
    }

    /// A listing for a symbol that only a recording knows: priced in USDT where its name says so,
    /// with the smallest step there is.
    pub fn recorded(symbol: &str, first_price: Amount) -> Self {
        let (base, quote) = match symbol.strip_suffix("USDT") {
            Some(base) => (base, "USDT"),
            None => symbol.split_at(symbol.len() / 2),
        };
        Self {
            symbol: symbol.to_owned(),
            base: base.to_owned(),
            quote: quote.to_owned(),
            tick_size: Amount::from_units(1),
            first_price,
        }
    }
}
