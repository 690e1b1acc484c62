//! The assets of the market, found by their symbols.

use std::collections::BTreeMap;

use super::book::Asset;
use crate::symbol::Symbol;

/// So many assets lie in the engine itself: room for those that are usually traded, and no more,
/// because whoever walks over many shards waits for each page.
const NEAR: usize = 32;
/// How far to shift a spread number, so that what is left is below [`NEAR`].
const SHIFT: u32 = u64::BITS - NEAR.ilog2();
/// An asset lies at most so many places behind the one that its symbol says, or it is far.
const REACH: usize = 8;

/// Every asset that was spoken of. None ever leaves its place.
///
/// The symbol alone says where an asset lies, so that finding it waits for nothing but its own
/// cache lines.
#[derive(Debug)]
pub(super) struct Directory {
    near: [Option<Asset>; NEAR],
    /// Those that found no place near.
    far: Vec<Asset>,
    far_places: BTreeMap<Symbol, usize>,
}

impl Default for Directory {
    fn default() -> Self {
        Self {
            near: [const { None }; NEAR],
            far: Vec::new(),
            far_places: BTreeMap::new(),
        }
    }
}

impl Directory {
    pub(super) fn get(&self, index: usize) -> Option<&Asset> {
        match self.near.get(index) {
            Some(near) => near.as_ref(),
            None => self.far.get(index.checked_sub(NEAR)?),
        }
    }

    pub(super) fn get_mut(&mut self, index: usize) -> Option<&mut Asset> {
        match self.near.get_mut(index) {
            Some(near) => near.as_mut(),
            None => self.far.get_mut(index.checked_sub(NEAR)?),
        }
    }

    pub(super) fn find(&self, symbol: &Symbol) -> Option<usize> {
        for place in places(symbol) {
            match self.near.get(place)? {
                Some(asset) if asset.symbol == *symbol => return Some(place),
                Some(_) => {}
                None => return None,
            }
        }
        self.far_places.get(symbol).copied()
    }

    /// The index of an asset, which is new if it was never spoken of.
    pub(super) fn find_or_insert(&mut self, symbol: &Symbol) -> usize {
        self.find(symbol).unwrap_or_else(|| self.insert(symbol))
    }

    /// The indices of all assets, in the order of their symbols.
    pub(super) fn by_symbol(&self) -> Vec<usize> {
        let all = 0..NEAR.saturating_add(self.far.len());
        let mut known: Vec<(&Symbol, usize)> = all
            .filter_map(|index| Some((&self.get(index)?.symbol, index)))
            .collect();
        known.sort_unstable();
        known.into_iter().map(|(_, index)| index).collect()
    }

    #[cold]
    fn insert(&mut self, symbol: &Symbol) -> usize {
        let asset = Asset::new(symbol.clone());
        for place in places(symbol) {
            if let Some(vacant @ None) = self.near.get_mut(place) {
                *vacant = Some(asset);
                return place;
            }
        }
        let index = NEAR.saturating_add(self.far.len());
        self.far.push(asset);
        self.far_places.insert(symbol.clone(), index);
        index
    }
}

/// Where an asset may lie, the best place first.
fn places(symbol: &Symbol) -> impl Iterator<Item = usize> + use<> {
    let first = usize::try_from(symbol.spread() >> SHIFT).unwrap_or_default();
    (first..).take(REACH).map(|place| place % NEAR)
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
            let index = directory.find_or_insert(&symbol(number));
            assert_eq!(directory.get(index).unwrap().symbol, symbol(number));
        }
        for number in 0..1_000 {
            let index = directory.find(&symbol(number)).unwrap();
            assert_eq!(directory.get_mut(index).unwrap().symbol, symbol(number));
        }
        let indices = directory.by_symbol();
        assert_eq!(indices.len(), 1_000);
        let symbols = indices
            .into_iter()
            .map(|index| &directory.get(index).unwrap().symbol);
        assert!(symbols.is_sorted());
    }
}
