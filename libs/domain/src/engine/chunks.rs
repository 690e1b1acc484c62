//! A list that only grows, in chunks: no entry ever moves, and none is kept free in vain for more
//! than one chunk.

/// The entries of a chunk.
const LENGTH: usize = 64;

/// A list that only grows.
#[derive(Debug)]
pub(super) struct Chunks<T> {
    chunks: Vec<Vec<T>>,
}

impl<T> Chunks<T> {
    pub(super) const fn new() -> Self {
        Self { chunks: Vec::new() }
    }

    pub(super) fn len(&self) -> usize {
        let last = self.chunks.last().map_or(0, Vec::len);
        let full = self.chunks.len().saturating_sub(1);
        full.saturating_mul(LENGTH).saturating_add(last)
    }

    pub(super) fn get(&self, index: usize) -> Option<&T> {
        self.chunks.get(index / LENGTH)?.get(index % LENGTH)
    }

    pub(super) fn get_mut(&mut self, index: usize) -> Option<&mut T> {
        self.chunks.get_mut(index / LENGTH)?.get_mut(index % LENGTH)
    }

    pub(super) fn push(&mut self, entry: T) {
        match self.chunks.last_mut() {
            Some(last) if last.len() < LENGTH => last.push(entry),
            Some(_) => {
                let mut chunk = Vec::with_capacity(LENGTH);
                chunk.push(entry);
                self.chunks.push(chunk);
            }
            // Many battles stay small.
            None => self.chunks.push(vec![entry]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_stay_where_they_were_put() {
        let mut chunks = Chunks::new();
        for number in 0..200 {
            assert_eq!(chunks.len(), number);
            chunks.push(number);
        }
        assert!((0..200).all(|number| chunks.get(number) == Some(&number)));
        assert_eq!(chunks.get(200), None);
        *chunks.get_mut(130).unwrap() = 7;
        assert_eq!(chunks.get(130), Some(&7));
    }
}
