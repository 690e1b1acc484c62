//! Keyset pages: a page begins behind a row, never at a count of rows.

/// The most rows of a page.
pub const MAX_PAGE: u32 = 100;

/// Which part of a list is wanted, in the list's own order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Page<K> {
    /// The key of the row that it begins behind; none for the beginning.
    pub after: Option<K>,
    /// How many rows at the most; more than [`MAX_PAGE`] are not given.
    pub limit: u32,
}

impl<K> Page<K> {
    /// The first `limit` rows.
    pub const fn first(limit: u32) -> Self {
        Self { after: None, limit }
    }

    /// The `limit` rows behind the one with this key.
    pub const fn after(key: K, limit: u32) -> Self {
        Self {
            after: Some(key),
            limit,
        }
    }

    /// How many rows to read: one more than wanted tells whether there are others.
    pub(crate) fn fetch(&self) -> i64 {
        i64::from(self.limit.min(MAX_PAGE)) + 1
    }
}

/// A part of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rows<T> {
    /// The rows.
    pub rows: Vec<T>,
    /// Whether there are others behind them.
    pub more: bool,
}

impl<T> Rows<T> {
    /// What [`Page::fetch`] read.
    pub(crate) fn of<K>(page: &Page<K>, mut rows: Vec<T>) -> Self {
        let limit = usize::try_from(page.limit.min(MAX_PAGE)).unwrap_or(usize::MAX);
        let more = rows.len() > limit;
        rows.truncate(limit);
        Self { rows, more }
    }
}
