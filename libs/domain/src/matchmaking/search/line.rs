//! Who is near, found by looking along the queue.

use std::mem;
use std::ops::{Range, RangeInclusive};

/// How many cups are compared with a band at once: the compiler makes vectors of them.
const TOGETHER: usize = 8;

/// In place of the cups of whoever has left; no band contains it.
const NOBODY: i32 = i32::MIN;

/// The cups of those who wait, each at its place in the queue.
///
/// They are cut off at the ends of 32 bits, for twice as many of these are compared at once. As bands
/// are cut off alike, whoever lies inside one still does; at the ends, others may seem to.
pub(super) struct Line {
    blocks: Vec<[i32; TOGETHER]>,
    /// Nobody before this block waits.
    head: usize,
}

impl Line {
    /// The line of those with these cups.
    pub(super) fn new(cups: impl ExactSizeIterator<Item = i64>) -> Self {
        let mut blocks = vec![[NOBODY; TOGETHER]; cups.len().div_ceil(TOGETHER)];
        for (place, cups) in blocks.as_flattened_mut().iter_mut().zip(cups) {
            *place = cut_off(cups);
        }
        Self { blocks, head: 0 }
    }

    /// Shows those who may lie inside the band, in order, until they are `enough`. Looks at as many
    /// `places` behind the head, rounded up to whole blocks at both ends.
    pub(super) fn look_along(
        &self,
        places: Range<usize>,
        band: &RangeInclusive<i64>,
        mut enough: impl FnMut(usize) -> bool,
    ) {
        let (least, most) = (cut_off(*band.start()), cut_off(*band.end()));
        // Without a branch, or there are no vectors.
        let is_near = |cups: i32| (least <= cups) & (cups <= most);
        let from = self.head.saturating_add(places.start.div_ceil(TOGETHER));
        let to = self.head.saturating_add(places.end.div_ceil(TOGETHER));
        let blocks = self.blocks.iter().enumerate().take(to).skip(from);
        for (number, block) in blocks {
            if !block.iter().fold(false, |any, cups| any | is_near(*cups)) {
                continue;
            }
            for (place, cups) in (number.saturating_mul(TOGETHER)..).zip(block) {
                if is_near(*cups) && enough(place) {
                    return;
                }
            }
        }
    }

    /// Whether nobody waits behind as many places, from the head on.
    pub(super) fn ends_within(&self, places: usize) -> bool {
        self.head.saturating_add(places.div_ceil(TOGETHER)) >= self.blocks.len()
    }

    /// A place before which nobody waits.
    pub(super) fn head(&self) -> usize {
        self.head.saturating_mul(TOGETHER)
    }

    pub(super) fn waits(&self, place: usize) -> bool {
        let cups = self.blocks.as_flattened().get(place);
        cups.is_some_and(|cups| *cups != NOBODY)
    }

    /// Takes out whoever waits at a place; answers what brings him back.
    pub(super) fn leave(&mut self, place: usize) -> Option<i32> {
        let cups = self.blocks.as_flattened_mut().get_mut(place)?;
        let cups = mem::replace(cups, NOBODY);
        (cups != NOBODY).then_some(cups)
    }

    /// Puts back whoever has left a place.
    pub(super) fn come_back(&mut self, place: usize, cups: i32) {
        if let Some(found) = self.blocks.as_flattened_mut().get_mut(place) {
            *found = cups;
        }
    }

    /// Passes over those in front who have left.
    pub(super) fn move_up(&mut self) {
        while self.blocks.get(self.head) == Some(&[NOBODY; TOGETHER]) {
            self.head = self.head.saturating_add(1);
        }
    }
}

fn cut_off(cups: i64) -> i32 {
    let most = i64::from(i32::MAX);
    i32::try_from(cups.clamp(most.saturating_neg(), most)).unwrap_or(NOBODY)
}
