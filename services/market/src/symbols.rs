//! The symbols that are followed, numbered, so that the rest of the code need not look them up.

use std::collections::BTreeMap;

use domain::symbol::Symbol;

/// The number of a followed symbol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct SymbolIndex(usize);

impl SymbolIndex {
    pub(crate) fn get(self) -> usize {
        self.0
    }
}

/// The followed symbols in a fixed order.
#[derive(Debug)]
pub(crate) struct Symbols {
    symbols: Vec<Symbol>,
    numbers: BTreeMap<Symbol, SymbolIndex>,
    streams: Vec<String>,
}

impl Symbols {
    pub(crate) fn new(symbols: impl Iterator<Item = Symbol>) -> Self {
        let symbols: Vec<_> = symbols.collect();
        let number = |(number, symbol): (usize, &Symbol)| (symbol.clone(), SymbolIndex(number));
        let stream = |symbol: &Symbol| format!("{}@trade", symbol.as_str().to_ascii_lowercase());
        Self {
            numbers: symbols.iter().enumerate().map(number).collect(),
            streams: symbols.iter().map(stream).collect(),
            symbols,
        }
    }

    /// Every symbol, in the order of its number.
    pub(crate) fn all(&self) -> &[Symbol] {
        &self.symbols
    }

    pub(crate) fn get(&self, index: SymbolIndex) -> &Symbol {
        &self.symbols[index.0]
    }

    pub(crate) fn indices(&self) -> impl Iterator<Item = SymbolIndex> + use<> {
        (0..self.symbols.len()).map(SymbolIndex)
    }

    /// The number of the symbol of this name, if it is followed.
    pub(crate) fn find(&self, name: &str) -> Option<SymbolIndex> {
        let symbol: Symbol = name.parse().ok()?;
        self.numbers.get(&symbol).copied()
    }

    /// The exchange's names of the trade streams.
    pub(crate) fn streams(&self) -> &[String] {
        &self.streams
    }
}
