//! The assets of the market, found by their symbols.

use super::book::Asset;
use crate::symbol::Symbol;

/// The places where a search begins.
const PLACES: usize = 128;
/// How far to shift a spread number, so that what is left is below [`PLACES`].
const SHIFT: u32 = u64::BITS - PLACES.ilog2();

/// An asset's index, plus 1.
pub(super) type Place = std::num::NonZeroU32;

/// Every asset that was spoken of, in the order in which that happened.
#[derive(Debug)]
#[repr(C)]
pub(super) struct Directory {
    pub assets: Vec<Asset>,
    /// The newest of the assets whose search begins here; the others follow it.
    places: [Option<Place>; PLACES],
}

impl Default for Directory {
    fn default() -> Self {
        Self {
            assets: Vec::new(),
            places: [None; PLACES],
        }
    }
}

impl Directory {
    pub(super) fn find(&self, symbol: &Symbol) -> Option<usize> {
        let mut next = *self.places.get(begin(symbol))?;
        while let Some(place) = next {
            let index = usize::try_from(place.get()).ok()?.checked_sub(1)?;
            let asset = self.assets.get(index)?;
            if asset.symbol == *symbol {
                return Some(index);
            }
            next = asset.next;
        }
        None
    }

    /// The index of an asset, which is new if it was never spoken of.
    pub(super) fn find_or_insert(&mut self, symbol: &Symbol) -> usize {
        self.find(symbol).unwrap_or_else(|| self.insert(symbol))
    }

    /// The indices of all assets, in the order of their symbols.
    pub(super) fn by_symbol(&self) -> Vec<usize> {
        let mut indices: Vec<usize> = (0..self.assets.len()).collect();
        indices.sort_unstable_by_key(|index| self.assets.get(*index).map(|asset| &asset.symbol));
        indices
    }

    #[cold]
    fn insert(&mut self, symbol: &Symbol) -> usize {
        let index = self.assets.len();
        let number = u32::try_from(index.saturating_add(1)).ok();
        let place = number.and_then(Place::new);
        if let Some(begin) = self.places.get_mut(begin(symbol)) {
            let next = std::mem::replace(begin, place);
            self.assets.push(Asset::new(symbol.clone(), next));
        }
        index
    }
}

/// Where the search for a symbol begins.
fn begin(symbol: &Symbol) -> usize {
    usize::try_from(symbol.spread() >> SHIFT).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_symbol_is_found_however_many_there_are() {
        let symbol = |number: usize| -> Symbol { format!("A{number}USDT").parse().unwrap() };
        let mut directory = Directory::default();
        for number in 0..1_000 {
            assert_eq!(directory.find(&symbol(number)), None);
            assert_eq!(directory.find_or_insert(&symbol(number)), number);
        }
        assert!((0..1_000).all(|number| directory.find_or_insert(&symbol(number)) == number));
        let symbols = directory.by_symbol().into_iter();
        assert!(
            symbols
                .map(|index| directory.assets[index].symbol.as_str())
                .is_sorted()
        );
    }
}
