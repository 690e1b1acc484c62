//! Cold caches: a walk over more memory than the last-level cache holds pushes everything else
//! out of it.

use std::fs;
use std::hint::black_box;

/// What a machine that does not tell has for a last-level cache, in bytes.
const USUAL_CACHE: usize = 32 << 20;
/// The bytes of a cache line.
const LINE: usize = 64;

/// Memory to walk over, three times the last-level cache.
pub(crate) struct Cold(Vec<u8>);

impl Cold {
    pub(crate) fn new() -> Self {
        let told = fs::read_to_string("/sys/devices/system/cpu/cpu0/cache/index3/size");
        let cache = told
            .ok()
            .and_then(|size| size.trim().strip_suffix('K')?.parse::<usize>().ok());
        let cache = cache.map_or(USUAL_CACHE, |kib| kib << 10);
        Self(vec![1; cache * 3])
    }

    /// Leaves nothing but this memory in the caches.
    pub(crate) fn chill(&mut self) {
        for line in self.0.iter_mut().step_by(LINE) {
            *line = line.wrapping_add(1);
        }
        black_box(&self.0);
    }
}
