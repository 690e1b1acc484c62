//! An ordered set in blocks: as tight as a sorted array, and none of its changes touches more than
//! one block and the way to it.

use std::collections::BTreeMap;
use std::hint::black_box;
use std::ops::Bound;

/// A block with more entries than this is divided.
const FULL: usize = 64;
/// A block with fewer entries than this joins its neighbour, if there is room.
const SPARSE: usize = 12;
/// Blocks grow by so many entries.
const STEP: usize = 8;

/// A set of entries, in order.
#[derive(Debug)]
pub(super) struct Blocks<T> {
    /// None is empty, and each lies between its own key and the next one.
    blocks: BTreeMap<T, Vec<T>>,
}

impl<T: Ord + Copy> Blocks<T> {
    pub(super) const fn new() -> Self {
        Self {
            blocks: BTreeMap::new(),
        }
    }

    pub(super) fn first(&self) -> Option<T> {
        let (_, block) = self.blocks.first_key_value()?;
        block.first().copied()
    }

    pub(super) fn last(&self) -> Option<T> {
        let (_, block) = self.blocks.last_key_value()?;
        block.last().copied()
    }

    /// The entries from `start` on, in order.
    pub(super) fn from(&self, start: T) -> impl Iterator<Item = T> + '_ {
        let key = self.blocks.range(..=start).next_back();
        let key = key.map_or(start, |(key, _)| *key);
        let blocks = self.blocks.range(key..).flat_map(|(_, block)| block);
        blocks.copied().skip_while(move |entry| *entry < start)
    }

    pub(super) fn insert(&mut self, entry: T) {
        let Some((_, block)) = self.blocks.range_mut(..=entry).next_back() else {
            // It comes before all others: the first block begins with it from now on.
            let mut block = self
                .blocks
                .pop_first()
                .map_or(Vec::new(), |(_, block)| block);
            put(&mut block, 0, entry);
            let right = divided(&mut block);
            self.blocks.insert(entry, block);
            return self.insert_block(right);
        };
        let Err(place) = block.binary_search(&entry) else {
            return;
        };
        put(block, place, entry);
        let right = divided(block);
        self.insert_block(right);
    }

    pub(super) fn remove(&mut self, entry: T) {
        let Some((key, block)) = self.blocks.range_mut(..=entry).next_back() else {
            return;
        };
        let Ok(place) = block.binary_search(&entry) else {
            return;
        };
        block.remove(place);
        if block.len() < SPARSE {
            let key = *key;
            self.join(key);
        }
    }

    /// Takes out many entries, whose order may change: one by one, or in one sweep if they lie
    /// close together.
    pub(super) fn remove_all(&mut self, entries: &mut [T]) {
        if entries.len() < self.blocks.len() / 4 {
            return entries.iter().for_each(|entry| self.remove(*entry));
        }
        entries.sort_unstable();
        // The processor loads all of them side by side; the sweep would wait block by block.
        for block in self.blocks.values() {
            black_box((block.first().copied(), block.last().copied()));
        }
        let mut gone = entries.iter().peekable();
        let mut sparse = Vec::new();
        for (key, block) in &mut self.blocks {
            let ends = |first: &&T| block.last().is_some_and(|last| *first <= last);
            if !gone.peek().is_some_and(ends) {
                continue;
            }
            block.retain(|entry| {
                while gone.next_if(|gone| *gone < entry).is_some() {}
                gone.next_if(|gone| *gone == entry).is_none()
            });
            if block.len() < SPARSE {
                sparse.push(*key);
            }
        }
        for key in sparse {
            self.join(key);
        }
    }

    /// Takes out all entries up to `last`, and hands over each.
    pub(super) fn take_up_to(&mut self, last: T, mut taken: impl FnMut(T)) {
        while let Some(mut first) = self.blocks.first_entry() {
            let block = first.get_mut();
            let gone = block.partition_point(|entry| *entry <= last);
            block.drain(..gone).for_each(&mut taken);
            if !block.is_empty() {
                return;
            }
            first.remove();
        }
    }

    /// Takes out all entries from `first` on, and hands over each.
    pub(super) fn take_from(&mut self, first: T, mut taken: impl FnMut(T)) {
        while let Some(mut last) = self.blocks.last_entry() {
            let block = last.get_mut();
            let stays = block.partition_point(|entry| *entry < first);
            block.drain(stays..).for_each(&mut taken);
            if !block.is_empty() {
                return;
            }
            last.remove();
        }
    }

    fn insert_block(&mut self, block: Vec<T>) {
        if let Some(first) = block.first() {
            self.blocks.insert(*first, block);
        }
    }

    /// Brings a sparse block together with the one behind it, if there is room; drops an empty
    /// one.
    fn join(&mut self, key: T) {
        let Some(length) = self.blocks.get(&key).map(Vec::len) else {
            return;
        };
        if length == 0 {
            self.blocks.remove(&key);
            return;
        }
        let mut behind = self.blocks.range((Bound::Excluded(key), Bound::Unbounded));
        let Some((next, block)) = behind.next() else {
            return;
        };
        if block.len().saturating_add(length) > FULL / 2 {
            return;
        }
        let next = *next;
        let moved = self.blocks.remove(&next).unwrap_or_default();
        if let Some(block) = self.blocks.get_mut(&key) {
            block.reserve_exact(moved.len());
            block.extend(moved);
            block.shrink_to_fit();
        }
    }
}

fn put<T>(block: &mut Vec<T>, place: usize, entry: T) {
    if block.len() == block.capacity() {
        block.reserve_exact(STEP);
    }
    block.insert(place, entry);
}

/// The right half of a block that has become too large; nothing of any other.
fn divided<T>(block: &mut Vec<T>) -> Vec<T> {
    if block.len() <= FULL {
        return Vec::new();
    }
    let right = block.split_off(FULL / 2);
    block.shrink_to_fit();
    right
}

#[cfg(test)]
mod properties {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    #[derive(Clone, Debug)]
    enum Step {
        Insert(u16),
        Remove(u16),
        RemoveAll(Vec<u16>),
        TakeUpTo(u16),
        TakeFrom(u16),
    }

    fn steps() -> impl Strategy<Value = Step> {
        prop_oneof![
            60 => (0_u16..2_000).prop_map(Step::Insert),
            40 => (0_u16..2_000).prop_map(Step::Remove),
            1 => prop::collection::vec(0_u16..2_000, 0..200).prop_map(Step::RemoveAll),
            1 => (0_u16..500).prop_map(Step::TakeUpTo),
            1 => (1_500_u16..2_000).prop_map(Step::TakeFrom),
        ]
    }

    proptest! {
        #[test]
        fn blocks_hold_what_an_ordered_set_holds(steps in prop::collection::vec(steps(), 1..4_000)) {
            let (mut blocks, mut set) = (Blocks::new(), BTreeSet::new());
            for step in steps {
                match step {
                    Step::Insert(entry) => {
                        blocks.insert(entry);
                        set.insert(entry);
                    }
                    Step::Remove(entry) => {
                        blocks.remove(entry);
                        set.remove(&entry);
                    }
                    Step::RemoveAll(mut entries) => {
                        set.retain(|entry| !entries.contains(entry));
                        blocks.remove_all(&mut entries);
                    }
                    Step::TakeUpTo(last) => {
                        let mut taken = BTreeSet::new();
                        blocks.take_up_to(last, |entry| assert!(taken.insert(entry)));
                        let rest = set.split_off(&(last + 1));
                        prop_assert_eq!(std::mem::replace(&mut set, rest), taken);
                    }
                    Step::TakeFrom(first) => {
                        let mut taken = BTreeSet::new();
                        blocks.take_from(first, |entry| assert!(taken.insert(entry)));
                        prop_assert_eq!(set.split_off(&first), taken);
                    }
                }
                prop_assert_eq!(blocks.first(), set.first().copied());
                prop_assert_eq!(blocks.last(), set.last().copied());
            }
            prop_assert!(blocks.from(700).eq(set.range(700..).copied()));
            let mut entries = blocks.blocks.values();
            prop_assert!(entries.all(|block| (1..=FULL).contains(&block.len())));
        }
    }
}
